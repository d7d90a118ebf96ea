// Watches for Ctrl-C and SIGTERM.
#include "commands/exit.h"

#include <unistd.h>

#include <csignal>

namespace thalweg::lab {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

}  // namespace

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
