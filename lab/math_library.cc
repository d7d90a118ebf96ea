// What must be set up before LibTorch's libraries compute anything: kernels, waiting, memory.
#include "math_library.h"

#include <thalweg/error.h>

#include <dlfcn.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace thalweg::lab {

namespace {

// A function of a library that may be there; so that none has to be linked.
template <class Function>
Function* find_function(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

// The name of the kernels OpenBLAS should use, or nothing if those it has chosen are right or cannot be known.
const char* better_kernels() {
#if defined(__x86_64__)
  auto* const core_name = find_function<char*()>("openblas_get_corename");
  if (core_name == nullptr) return nullptr;  // another BLAS
  const std::string_view chosen = core_name();
  const bool fallback = chosen == "Prescott" || chosen == "Core2" || chosen == "Generic";
  if (!fallback) return nullptr;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd")) {
    return "SkylakeX";
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return nullptr;
}

// Sets the variable unless it is set. Has anything changed?
bool set_default(const char* variable, const char* value) {
  if (value == nullptr || std::getenv(variable) != nullptr) return false;
  return setenv(variable, value, 0) == 0;
}

// Those that libraries read while they load. Has any changed?
bool set_variables() {
  const bool kernels = set_default("OPENBLAS_CORETYPE", better_kernels());
  const bool waiting = set_default("OMP_WAIT_POLICY", "passive");
  return kernels || waiting;
}

// OpenBLAS' work space: one for the process, and one for each thread that computes. It maps twice as much at first and
// gives half of it back.
constexpr std::size_t kWorkSpace = std::size_t{128} << 20;

bool can_reserve(std::size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  munmap(memory, bytes);
  return true;
}

// Runs before the constructors of the libraries, OpenBLAS' among them, which waits for its work space for ever: so it
// uses nothing but the system's calls.
void check_address_space() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || can_reserve(kWorkSpace * 5 / 2)) return;
  constexpr std::string_view text = "thalweg: the limit on memory (ulimit -v) is too low even to start\n";
  [[maybe_unused]] const ssize_t ignored = write(STDERR_FILENO, text.data(), text.size());
  _exit(EXIT_FAILURE);
}
__attribute__((section(".preinit_array"), used)) void (*const kBeforeLibraries)() = check_address_space;

// How many of `count` threads start, all at once; and why no more do.
std::pair<int, std::error_code> start_threads(int count) {
  std::mutex mutex;
  std::condition_variable end;
  bool ended = false;
  std::vector<std::thread> threads;
  std::error_code reason;
  try {
    threads.reserve(static_cast<std::size_t>(count));
    while (static_cast<int>(threads.size()) < count) {
      threads.emplace_back([&] {
        std::unique_lock lock(mutex);
        end.wait(lock, [&] { return ended; });
      });
    }
  } catch (const std::system_error& error) {
    reason = error.code();
  }
  {
    const std::lock_guard lock(mutex);
    ended = true;
  }
  end.notify_all();
  for (std::thread& thread : threads) thread.join();
  return {static_cast<int>(threads.size()), reason};
}

int cores() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

int thread_limit() {
  auto* const limit = find_function<int()>("omp_get_thread_limit");
  return limit != nullptr ? std::max(1, limit()) : std::numeric_limits<int>::max();
}

}  // namespace

void prepare_math_library(char** argv) {
#if defined(__GLIBC__)
  constexpr int kOneGigabyte = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kOneGigabyte);
  mallopt(M_TRIM_THRESHOLD, kOneGigabyte);
#endif
  // The variables are set then, so this happens once. If it fails, the program goes on, slower.
  if (set_variables()) execv("/proc/self/exe", argv);
}

void prepare_child_processes() { set_variables(); }

int all_threads() { return std::min(cores(), thread_limit()); }

void check_math_library(int threads) {
  static int checked = 0;
  if (threads <= checked) return;
  if (threads > thread_limit()) {
    throw Error(fmt::format("OMP_THREAD_LIMIT = {} does not allow {} threads; raise it, or give --threads {}",
                            thread_limit(), threads, thread_limit()));
  }
  // With OMP_DYNAMIC, OpenMP may start fewer threads than OpenBLAS waits for.
  if (auto* const set_dynamic = find_function<void(int)>("omp_set_dynamic"); set_dynamic != nullptr) set_dynamic(0);
  const std::size_t memory = kWorkSpace * (static_cast<std::size_t>(threads) + 2);
  if (!can_reserve(memory)) {
    throw Error(
        fmt::format("no memory for the work space of {} threads, {} MiB; raise the limit (ulimit -v), or give "
                    "fewer --threads",
                    threads, memory >> 20));
  }
  // Beside OpenMP's, LibTorch starts a thread for each core, whatever it is told.
  const int wanted = threads + cores();
  const auto [started, reason] = start_threads(wanted);
  if (started < wanted) {
    throw Error(
        fmt::format("only {} of {} threads start ({}); raise the limit (ulimit -u or -v, a container's "
                    "pids.max), or give fewer --threads: {} are started beside these",
                    started, wanted, reason.message(), cores()));
  }
  checked = threads;
}

std::string blas_name() {
  auto* const config = find_function<char*()>("openblas_get_config");
  auto* const core_name = find_function<char*()>("openblas_get_corename");
  if (config == nullptr || core_name == nullptr) return {};
  // `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH … Haswell MAX_THREADS=64`
  const std::string_view text = config();
  const std::size_t version_end = text.find(' ', text.find(' ') + 1);
  const char* kernels = std::getenv("OPENBLAS_CORETYPE");
  if (kernels == nullptr) kernels = better_kernels();
  return fmt::format("{} ({})", text.substr(0, version_end), kernels != nullptr ? kernels : core_name());
}

}  // namespace thalweg::lab
