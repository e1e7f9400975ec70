/// \file
/// The `sinter` command: subcommands and exit codes.
#include <unistd.h>

#include <CLI/Error.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "command.hpp"
#include "interrupt.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/version.hpp"
#include "sinter/fitting/communicator.hpp"

namespace {

enum ExitCode { success = 0, machine_failed = 1, bad_input = 2, interrupted = 130 };

// One line on stderr, whatever is in the message (names of files may hold line breaks). Of processes that mpirun
// started together the first speaks.
int report(ExitCode code, std::string_view kind, std::string message) {
  if (sinter::launchedRank() > 0) return code;
  for (char& c : message)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  char const* const no_color = std::getenv("NO_COLOR");
  bool const color = ::isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
  std::string line = "sinter: ";
  line.append(color ? "\033[1;31m" : "").append(kind).append(color ? "\033[0m" : "");
  line.append(": ").append(message).append("\n");
  std::fputs(line.c_str(), stderr);
  return code;
}

// The subcommand that was read, for the hint at its help.
std::string usedCommand(CLI::App const& app) {
  auto const used = app.get_subcommands();
  return used.empty() ? "sinter" : "sinter " + used.front()->get_name();
}

int run(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw CLI::RequiredError("A subcommand");
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw sinter::SystemError(std::string("cannot write to standard output: ") + std::strerror(errno));
    return success;
  } catch (CLI::ParseError const& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::string const hint = " (see " + usedCommand(app) + " --help)";
    return report(bad_input, "error", error.what() + hint);
  } catch (sinter::app::Interrupted const& error) {
    return report(interrupted, "interrupted", error.what());
  } catch (sinter::InputError const& error) {
    return report(bad_input, "error", error.what());
  } catch (std::bad_alloc const&) {
    return report(machine_failed, "error", "out of memory");
  } catch (std::exception const& error) {
    return report(machine_failed, "error", error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Moment tensor potentials: evaluate, fit and inspect. Units: Angstrom, eV, eV/Angstrom.", "sinter");
  app.set_version_flag("--version", std::string("sinter ") + sinter::version() + " (" + sinter::gitCommit() + ")");
  app.require_subcommand(0, 1);  // none is found in run(): CLI11 would name it before a misspelt one
  sinter::app::addInfoCommand(app);
  sinter::app::addEvalCommand(app);
  sinter::app::addRelaxCommand(app);
  sinter::app::addFitCommand(app);
  sinter::app::addConvertCommand(app);
  sinter::app::addSoapCommand(app);
  sinter::app::addAnalyzeCommand(app);
  sinter::app::addValidateCommand(app);
  return run(app, argc, argv);
}
