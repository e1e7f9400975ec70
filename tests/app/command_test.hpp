/// \file
/// What the tests of the `sinter` command share: a folder, runs of the built command, failures in one line.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
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

  /// Starts the command, its arguments are `words`, and does not wait for it; what it says on stderr is in the folder.
  ::pid_t start(std::vector<std::string> words) const {
    words.insert(words.begin(), SINTER_COMMAND);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (folder / "stderr").c_str(), O_CREAT | O_WRONLY | O_TRUNC,
                                     0600);
    posix_spawnattr_t attributes;  // signals that this program ignores, that one does not
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    ::pid_t child = 0;
    int const failed = ::posix_spawn(&child, SINTER_COMMAND, &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0) throw std::runtime_error("cannot start " SINTER_COMMAND);  // a signal to process 0 is one to all
    return child;
  }

  /// Signals end the command (`words`) that reads a pipe of this name, and nothing is left of it but what it says. The
  /// pipe stays open behind `text`, and the signal is sent when all of that is read and the command sleeps: waits for
  /// more. SIGTERM comes several times, as `timeout` and batch systems send it.
  void expectInterruptible(std::vector<std::string> const& words, std::string const& pipe,
                           std::string const& text) const {
    auto const files = folder.count();
    for (auto const& [number, times] : {std::pair(SIGINT, 1), std::pair(SIGTERM, 3)}) {
      ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
      ::pid_t const child = start(words);
      int const writer = ::open(pipe.c_str(), O_RDWR);  // does not wait for a reader, that may never come
      ASSERT_EQ(::write(writer, text.data(), text.size()), static_cast<::ssize_t>(text.size()));
      auto const waits = [&] {
        int unread = 0;
        std::string const status = contentOf("/proc/" + std::to_string(child) + "/stat");  // "pid (name) state ..."
        return ::ioctl(writer, FIONREAD, &unread) == 0 && unread == 0 && status.find(") S ") != std::string::npos;
      };
      int waiting = 0;  // times in a row: in the end it waits for the pipe, and not for a thread of its own
      for (int wait = 0; wait < 3000 && waiting < 20; ++wait) {
        waiting = waits() ? waiting + 1 : 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      EXPECT_EQ(waiting, 20);
      for (int n = 0; n < times; ++n) ::kill(child, number);
      int status = 0;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      ::close(writer);
      EXPECT_TRUE(WIFEXITED(status)) << "signal " << number << " killed it: " << WTERMSIG(status);
      EXPECT_EQ(WEXITSTATUS(status), 130);
      std::string const errors = contentOf(folder / "stderr");
      EXPECT_TRUE(errors.starts_with("sinter: interrupted: ")) << errors;
      std::filesystem::remove(folder / "stderr");
      std::filesystem::remove(pipe);
      EXPECT_EQ(folder.count(), files);
    }
  }

  TemporaryFolder folder;
};

}  // namespace sinter::test
