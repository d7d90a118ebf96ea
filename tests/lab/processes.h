// Runs parts of tests in processes of their own: as another user, with calls that fail, on a small disk, killed
// anywhere.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grp.h>
#include <sched.h>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

namespace thalweg::lab::test {

/// Runs the job in a child process. Returns the text of its exception, nothing if it has none, or how it was killed.
inline std::string error_in_child(const std::function<void()>& job) {
  constexpr std::size_t kBytes = 1 << 16;
  void* const shared = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::runtime_error("mmap failed");
  auto* const text = static_cast<char*>(shared);
  const pid_t child = fork();
  if (child == 0) {
    try {
      job();
    } catch (const std::exception& error) {
      std::strncpy(text, error.what(), kBytes - 1);
    }
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  std::string error = text;
  munmap(shared, kBytes);
  if (WIFSIGNALED(status)) error = "killed by signal " + std::to_string(WTERMSIG(status));
  return error;
}

/// Makes this process that of a user who owns nothing. Only root can.
inline void become_nobody() {
  constexpr unsigned kNobody = 65534;
  if (setgroups(0, nullptr) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0) std::abort();
}

/// From now on, these system calls of this process fail with this code.
inline void let_calls_fail(std::initializer_list<long> calls, int code) {
  std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const long call : calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(code)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    throw std::runtime_error("the system lets no calls be filtered");
  }
}

/// A disk in memory at this folder, which only this process sees and which ends with it. False if that is not allowed.
inline bool mount_small_disk(const std::filesystem::path& folder, const std::string& size) {
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return mount("none", folder.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
}

/// Gives that disk another size.
inline void resize_small_disk(const std::filesystem::path& folder, const std::string& size) {
  if (mount("none", folder.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) != 0) {
    throw std::runtime_error("the disk could not be resized");
  }
}

/// Runs the job in a child that is killed as it enters its n-th system call. False if it ended before.
inline bool killed_at_call(int n, const std::function<void()>& job) {
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
    raise(SIGSTOP);
    try {
      job();
    } catch (const std::exception&) {
    }
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) throw std::runtime_error("the system lets no process be traced");
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  // Each call stops twice, at its beginning and at its end.
  for (int stops = 0; stops < 2 * n - 1; ++stops) {
    ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    waitpid(child, &status, 0);
    if (WIFEXITED(status) || WIFSIGNALED(status)) return false;
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return true;
}

/// Runs the job again and again in children that are killed at their first, second, … system call, until one ends by
/// itself. Before each run, `prepare`; after each kill, `check`. Returns the number of kills.
inline int kill_at_every_call(const std::function<void()>& prepare, const std::function<void()>& job,
                              const std::function<void()>& check) {
  for (int n = 1;; ++n) {
    prepare();
    if (!killed_at_call(n, job)) return n - 1;
    check();
  }
}

}  // namespace thalweg::lab::test
