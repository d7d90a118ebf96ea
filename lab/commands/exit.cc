// Watches for Ctrl-C and SIGTERM.
#include "commands/exit.h"

#include <unistd.h>

#include <csignal>

namespace thalweg::lab {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

sigset_t interrupts() noexcept {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void hold_interrupts() noexcept {
  const sigset_t signals = interrupts();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

void end_when_interrupted() noexcept {
  struct sigaction action {};
  action.sa_handler = [](int) { _exit(kExitInterrupted); };
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  const sigset_t signals = interrupts();
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

const std::atomic<bool>& watch_for_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) {
    if (interrupted.exchange(true)) _exit(kExitInterrupted);
  };
  // No SA_RESTART: what waits shall wake up.
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return interrupted;
}

}  // namespace thalweg::lab
