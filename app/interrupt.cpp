#include "interrupt.hpp"

namespace sinter::app {

namespace {

volatile std::sig_atomic_t flag = 0;

extern "C" void raiseFlag(int) { flag = 1; }

// A signal that is ignored (nohup, a shell's background job) stays so.
void install(int number, struct sigaction& old) {
  struct sigaction action {};
  action.sa_handler = raiseFlag;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigemptyset(&action.sa_mask);
  ::sigaction(number, nullptr, &old);
  if (old.sa_handler != SIG_IGN) ::sigaction(number, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  flag = 0;
  install(SIGINT, _old_interrupt);
  install(SIGTERM, _old_terminate);
}

InterruptGuard::~InterruptGuard() {
  ::sigaction(SIGINT, &_old_interrupt, nullptr);
  ::sigaction(SIGTERM, &_old_terminate, nullptr);
}

bool InterruptGuard::raised() const { return flag != 0; }

}  // namespace sinter::app
