/// \file
/// What the tests of the `sinter` command share: a folder, runs of the built command, failures in one line.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "core/temporary_folder.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/structures/extxyz_writer.hpp"

namespace sinter::test {

/// How a run of the command ended, and what it said.
struct Outcome {
  int code = -1;
  std::string out, err;
};

/// A folder, and the command to run on what lies there.
class CommandTest : public testing::Test {
 protected:
  static void write(std::vector<Structure> const& frames, std::string const& file) {
    ExtxyzWriter writer(file);
    for (Structure const& frame : frames) writer.write(frame);
    writer.close();
  }

  static std::string quoted(std::string const& word) { return "'" + word + "'"; }

  /// Runs `sinter ARGUMENTS`, with `before` in front of it in the shell.
  Outcome run(std::string const& arguments, std::string const& before = "") const {
    std::string const command =
        before + " " + quoted(SINTER_COMMAND) + " " + arguments + " 2> " + quoted(folder / "stderr");
    Outcome outcome;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return outcome;
    char buffer[4096];
    for (std::size_t count; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
      outcome.out.append(buffer, count);
    int const status = ::pclose(pipe);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    outcome.err = contentOf(folder / "stderr");
    std::filesystem::remove(folder / "stderr");
    return outcome;
  }

  /// The command fails with `code` and one line on stderr with `fragment`, and leaves nothing behind.
  void expectFailure(std::string const& arguments, std::string const& fragment, int code = 2,
                     std::string const& before = "") const {
    auto const files = folder.count();
    Outcome const outcome = run(arguments, before);
    EXPECT_EQ(outcome.code, code) << arguments << "\n" << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("sinter: error: ")) << arguments << "\n" << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(fragment), std::string::npos) << arguments << "\n"
                                                             << outcome.err << "lacks " << fragment;
    EXPECT_EQ(folder.count(), files) << arguments;
  }

  TemporaryFolder folder;
};

}  // namespace sinter::test
