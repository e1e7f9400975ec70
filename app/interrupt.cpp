#include "interrupt.hpp"

#include <csignal>

namespace sinter::app {

namespace {

volatile std::sig_atomic_t flag = 0;

extern "C" void raiseFlag(int) { flag = 1; }

// A signal that is ignored (nohup, a shell's background job) stays so.
void watch(int number, int flags) {
  struct sigaction old {
  }, action{};
  action.sa_handler = raiseFlag;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(number, nullptr, &old);
  if (old.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
}

}  // namespace

void watchInterrupts() {
  watch(SIGINT, static_cast<int>(SA_RESETHAND));
  watch(SIGTERM, 0);
}

bool interruptRaised() { return flag != 0; }

}  // namespace sinter::app
