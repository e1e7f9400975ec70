#include "sinter/core/file_output.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "sinter/core/error.hpp"
#include "temporary_folder.hpp"

namespace sinter {
namespace {

using test::contentOf;
using test::messageOf;
using test::TemporaryFolder;

TEST(FileOutput, FileAppearsOnlyWhenClosed) {
  TemporaryFolder const folder;
  std::string const file = folder / "a.txt";
  FileOutput output(file);
  output.write("one\n");
  output.write(std::string_view("t\0o", 3));
  EXPECT_FALSE(std::filesystem::exists(file));
  output.close();
  EXPECT_EQ(contentOf(file), std::string("one\nt\0o", 7));
  EXPECT_EQ(folder.count(), 1);
}

TEST(FileOutput, AnExceptionLeavesTheOlderFileAndNoRemains) {
  TemporaryFolder const folder;
  std::string const file = folder.write("a.txt", "old");
  try {
    FileOutput output(file);
    output.write("new");
    throw std::runtime_error("interrupted");
  } catch (std::runtime_error const&) {
  }
  EXPECT_EQ(contentOf(file), "old");
  EXPECT_EQ(folder.count(), 1);
}

TEST(FileOutput, AWriterThatIsKilledLeavesTheOlderFile) {
  TemporaryFolder const folder;
  std::string const file = folder.write("a.txt", "old");
  ::pid_t const child = ::fork();
  if (child == 0) {
    FileOutput output(file);
    output.write(std::string(100'000, 'n'));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(contentOf(file), "old");
  EXPECT_EQ(folder.count(), 2);  // the temporary file is still there under its own name
}

TEST(FileOutput, CloseReplacesTheOlderFile) {
  TemporaryFolder const folder;
  std::string const file = folder.write("a.txt", "old and long");
  writeFile(file, "new");
  EXPECT_EQ(contentOf(file), "new");
  EXPECT_EQ(folder.count(), 1);
}

TEST(FileOutput, AMissingFolderIsAFailureOfTheMachine) {
  TemporaryFolder const folder;
  std::string const message = messageOf<SystemError>([&] { FileOutput output(folder / "missing/a.txt"); });
  EXPECT_NE(message.find("cannot create"), std::string::npos) << message;
  EXPECT_NE(message.find("No such file"), std::string::npos) << message;
}

TEST(FileOutput, AFolderInTheWayIsAFailureAndLeavesNoRemains) {
  TemporaryFolder const folder;
  std::filesystem::create_directory(folder / "a");
  std::string const message = messageOf<SystemError>([&] { writeFile(folder / "a", "text"); });
  EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
  EXPECT_EQ(folder.count(), 1);
}

}  // namespace
}  // namespace sinter
