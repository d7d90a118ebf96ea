# Runs digest for every instruction set and several numbers of threads, and compares what it prints.
#
#   cmake -DDIGEST=path/of/digest -P compare.cmake
function(digest result)
  execute_process(COMMAND ${DIGEST} ${ARGN} OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()

function(expect_same what expected lines)
  if(NOT lines STREQUAL expected)
    message(SEND_ERROR "${what} differs.\nexpected:\n${expected}\ngot:\n${lines}")
  else()
    message(STATUS "${what}: the same bits")
  endif()
endfunction()

digest(expected --threads 1)
string(REGEX MATCHALL "[^\n]+" all_lines "${expected}")
list(LENGTH all_lines count)
if(count LESS 2)
  message(FATAL_ERROR "digest printed nothing to compare:\n${expected}")
endif()
message(STATUS "\n${expected}")

foreach(threads IN ITEMS 2 3 8)
  digest(lines --threads ${threads})
  expect_same("${threads} threads" "${expected}" "${lines}")
endforeach()

digest(targets --list)
string(REGEX MATCHALL "[^\n]+" targets "${targets}")
foreach(target IN LISTS targets)
  digest(lines --target ${target} --threads 2)
  expect_same("${target}" "${expected}" "${lines}")
endforeach()

# The reference computes f32 in double: only f64 has the same bits.
digest(lines --target reference --threads 1)
string(REGEX REPLACE "[^\n]+ f32 [^\n]+\n" "" lines "${lines}")
string(REGEX REPLACE "[^\n]+ f32 [^\n]+\n" "" expected "${expected}")
expect_same("reference, f64" "${expected}" "${lines}")
