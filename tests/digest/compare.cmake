# Runs digest for every instruction set and several numbers of threads, and compares what it prints with expected.txt,
# which holds on every machine.
#
#   cmake -DDIGEST=path/of/digest -DEXPECTED=path/of/expected.txt -P compare.cmake
#
# DIGEST may begin with an emulator and its flags, as a list.
function(digest result)
  execute_process(COMMAND ${DIGEST} ${ARGN} OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

# Fails with the lines that are only in one of the two.
function(expect_same what expected lines advice)
  if(lines STREQUAL expected)
    message(STATUS "${what}: the same bits")
    return()
  endif()
  string(REGEX MATCHALL "[^\n]+" only_expected "${expected}")
  string(REGEX MATCHALL "[^\n]+" only_here "${lines}")
  set(all_here ${only_here})
  list(REMOVE_ITEM only_here ${only_expected})
  list(REMOVE_ITEM only_expected ${all_here})
  list(JOIN only_expected "\n  " only_expected)
  list(JOIN only_here "\n  " only_here)
  message(SEND_ERROR "${what}: not as expected. ${advice}\nexpected:\n  ${only_expected}\ngot:\n  ${only_here}")
endfunction()

file(READ ${EXPECTED} expected)
string(REGEX MATCHALL "[^\n]+" all_lines "${expected}")
list(LENGTH all_lines count)
if(count LESS 2)
  message(FATAL_ERROR "${EXPECTED} has nothing to compare with:\n${expected}")
endif()

list(JOIN DIGEST " " command)
digest(alone --threads 1)
expect_same("one thread" "${expected}" "${alone}"
            "Numbers that users get have changed: CHANGELOG owes a line **numerics changed** that says which and why (a \
rule that is new owes none). Then write the new hashes: ${command} > ${EXPECTED}")

# What differs between machines, threads and instruction sets is a mistake in any case.
set(advice "These bits must not depend on threads and instruction sets.")
foreach(threads IN ITEMS 2 3 8)
  digest(lines --threads ${threads})
  expect_same("${threads} threads" "${alone}" "${lines}" "${advice}")
endforeach()

digest(targets --list)
string(REGEX MATCHALL "[^\n]+" targets "${targets}")
foreach(target IN LISTS targets)
  digest(lines --target ${target} --threads 2)
  expect_same("${target}" "${alone}" "${lines}" "${advice}")
endforeach()

# The reference computes f32 in double: only f64 has the same bits.
digest(lines --target reference --threads 1)
string(REGEX REPLACE "[^\n]+ f32 [^\n]+\n" "" lines "${lines}")
string(REGEX REPLACE "[^\n]+ f32 [^\n]+\n" "" alone "${alone}")
expect_same("reference, f64" "${alone}" "${lines}" "${advice}")
