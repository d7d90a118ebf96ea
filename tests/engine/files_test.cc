// File replacement: every call made to fail in turn, short writes, signals, kills, full disks, links, permissions.
#include "files/file_calls.h"
#include "thalweg/error.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

namespace thalweg::inline v0_1 {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Calls the system after asking `before`, which gets the call's number (from 1) and name, and answers the errno that
// the call shall fail with, or 0. What fails has no effect, but a failing close does close.
class InterceptedCalls : public FileCalls {
 public:
  using Before = std::function<int(int number, const std::string& name)>;
  explicit InterceptedCalls(Before before) : before_(std::move(before)) {}

  int open(const char* path, int flags, mode_t mode) override {
    const bool is_directory = (flags & O_DIRECTORY) != 0;
    if (fails(is_directory ? "open directory" : "open")) return -1;
    const int descriptor = FileCalls::open(path, flags, mode);
    if (is_directory) directory_ = descriptor;
    return descriptor;
  }
  ssize_t read(int descriptor, void* buffer, std::size_t bytes) override {
    return fails("read") ? -1 : FileCalls::read(descriptor, buffer, std::min(bytes, most_bytes));
  }
  ssize_t write(int descriptor, const void* buffer, std::size_t bytes) override {
    return fails("write") ? -1 : FileCalls::write(descriptor, buffer, std::min(bytes, most_bytes));
  }
  int fchmod(int descriptor, mode_t mode) override {
    return fails("fchmod") ? -1 : FileCalls::fchmod(descriptor, mode);
  }
  int fsync(int descriptor) override {
    return fails(descriptor == directory_ ? "fsync directory" : "fsync") ? -1 : FileCalls::fsync(descriptor);
  }
  int close(int descriptor) override {
    const std::string name = descriptor == directory_ ? "close directory" : "close";
    const int result = FileCalls::close(descriptor);
    return fails(name) ? -1 : result;
  }
  int rename(const char* from, const char* to) override { return fails("rename") ? -1 : FileCalls::rename(from, to); }
  int unlink(const char* path) override { return fails("unlink") ? -1 : FileCalls::unlink(path); }

  std::vector<std::string> names;
  std::size_t most_bytes = 1000;

 private:
  bool fails(const std::string& name) {
    names.push_back(name);
    const int code = before_(static_cast<int>(names.size()), name);
    errno = code;
    return code != 0;
  }

  Before before_;
  int directory_ = -1;
};

std::string read_text(const fs::path& file) {
  const std::vector<std::byte> bytes = read_file(file);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "thalweg-files-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    file_ = folder_ / "state";
  }
  ~Files() override {
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
  }

  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator{folder_}) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  // Replaces the file, "old" or not there before, by new text through `calls`, and checks what is there afterwards.
  // Returns the error's message, or "".
  std::string replace_and_check(FileCalls& calls, bool exists) {
    fs::remove(file_);
    if (exists) replace_file(file_, old_text_);
    std::string message;
    try {
      replace_file(file_, std::as_bytes(std::span{new_text_}), calls);
    } catch (const Error& error) {
      message = error.what();
    }
    const bool is_new = fs::exists(file_) && read_text(file_) == new_text_;
    if (message.empty()) {
      EXPECT_TRUE(is_new);
    } else if (message.find("renamed, but") != std::string::npos) {
      EXPECT_TRUE(is_new) << message;
    } else if (exists) {
      EXPECT_EQ(read_text(file_), old_text_) << message;
    } else {
      EXPECT_FALSE(fs::exists(file_)) << message;
    }
    return message;
  }

  fs::path folder_;
  fs::path file_;
  const std::string old_text_ = std::string(1500, 'o');
  const std::string new_text_ = std::string(4321, 'n');
};

TEST_F(Files, CallsComeInTheOrderThatSurvivesPowerCuts) {
  InterceptedCalls calls{[](int, const std::string&) { return 0; }};
  EXPECT_EQ(replace_and_check(calls, true), "");
  EXPECT_THAT(calls.names, ElementsAre("open directory", "open", "fchmod", "write", "write", "write", "write", "write",
                                       "fsync", "close", "rename", "fsync directory", "close directory"));
}

TEST_F(Files, EveryCallThatFailsLeavesTheOldFileOrTheNewOne) {
  for (const bool exists : {false, true}) {
    for (const int code : {EIO, ENOSPC, EACCES}) {
      int failures = 0;
      for (int failing = 1;; ++failing) {
        InterceptedCalls calls{[&](int number, const std::string&) { return number == failing ? code : 0; }};
        const std::string message = replace_and_check(calls, exists);
        if (calls.names.size() < static_cast<std::size_t>(failing)) {
          break;
        }
        ++failures;
        // Nothing is lost when the directory, synced already, cannot be closed.
        EXPECT_EQ(message.empty(), calls.names.at(static_cast<std::size_t>(failing - 1)) == "close directory");
        if (!message.empty()) {
          EXPECT_THAT(message, AllOf(HasSubstr(file_.string()), HasSubstr(std::generic_category().message(code))));
        }
        EXPECT_EQ(names(), fs::exists(file_) ? std::set<std::string>{"state"} : std::set<std::string>{});
      }
      EXPECT_EQ(failures, exists ? 13 : 12);
    }
  }
}

TEST_F(Files, AFailureThatLastsLeavesTheOldFileOrTheNewOne) {
  for (int failing = 1; failing <= 13; ++failing) {
    InterceptedCalls calls{[&](int number, const std::string&) { return number >= failing ? EIO : 0; }};
    replace_and_check(calls, true);  // The temporary file cannot be deleted, of course.
  }
}

TEST_F(Files, AKillAtEveryCallLeavesTheOldFileOrTheNewOne) {
  int kills = 0;
  for (bool was_killed = true; was_killed; ++kills) {
    replace_file(file_, old_text_);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      InterceptedCalls calls{[&](int number, const std::string&) {
        if (number == kills + 1) _exit(9);
        return 0;
      }};
      replace_file(file_, std::as_bytes(std::span{new_text_}), calls);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    was_killed = WEXITSTATUS(status) == 9;
    const std::string text = read_text(file_);
    EXPECT_TRUE(text == old_text_ || text == new_text_) << kills;
    EXPECT_EQ(text == new_text_, kills >= 11) << kills;  // From the call after rename on.
  }
  EXPECT_EQ(kills, 14);
}

TEST_F(Files, SignalsAreNoFailure) {
  bool interrupt = false;
  InterceptedCalls calls{[&](int, const std::string& name) {
    interrupt = !interrupt;
    const bool can_be_interrupted = name != "fchmod" && name != "rename" && name != "unlink";
    return interrupt && can_be_interrupted ? EINTR : 0;
  }};
  EXPECT_EQ(replace_and_check(calls, true), "");
  EXPECT_EQ(names(), std::set<std::string>{"state"});
  calls.names.clear();
  const std::vector<std::byte> contents = read_file(file_, calls);
  EXPECT_EQ(contents.size(), new_text_.size());
  EXPECT_GT(calls.names.size(), 10U);
}

TEST_F(Files, AWriteOfNothingIsAFullDisk) {
  InterceptedCalls calls{[](int, const std::string&) { return 0; }};
  calls.most_bytes = 0;
  EXPECT_THAT(replace_and_check(calls, true), HasSubstr("offset 0 of 4321"));
  EXPECT_EQ(names(), std::set<std::string>{"state"});
}

// What the kernel says when a file may not grow: part of the data is written, then nothing more.
TEST_F(Files, AFileThatMayNotGrowLeavesTheOldOne) {
  replace_file(file_, old_text_);
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = limit;
  small.rlim_cur = 2000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = message_of([&] { replace_file(file_, new_text_); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, AllOf(HasSubstr("offset 2000 of 4321"), HasSubstr(std::generic_category().message(EFBIG))));
  EXPECT_EQ(read_text(file_), old_text_);
  EXPECT_EQ(names(), std::set<std::string>{"state"});
}

TEST_F(Files, AnUnwritableDirectoryLeavesTheOldFile) {
  if (geteuid() == 0) {
    GTEST_SKIP() << "root may write everywhere";
  }
  replace_file(file_, old_text_);
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THAT(message_of([&] { replace_file(file_, new_text_); }), HasSubstr(std::generic_category().message(EACCES)));
  EXPECT_EQ(read_text(file_), old_text_);
}

mode_t mode_of(const fs::path& file) {
  struct stat status {};
  EXPECT_EQ(stat(file.c_str(), &status), 0);
  return status.st_mode & 07777;
}

TEST_F(Files, PermissionsAreTheOldOnesOrTheUmasks) {
  const mode_t umask_before = umask(027);
  replace_file(file_, old_text_);
  EXPECT_EQ(mode_of(file_), 0640U);
  for (const mode_t mode : {0600U, 0666U, 0755U}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    replace_file(file_, new_text_);
    EXPECT_EQ(mode_of(file_), mode);
  }
  umask(umask_before);
}

TEST_F(Files, ALinkStaysAndItsTargetIsReplaced) {
  fs::create_directory(folder_ / "deep");
  replace_file(folder_ / "deep" / "target", old_text_);
  fs::create_symlink("deep/target", folder_ / "middle");
  fs::create_symlink(folder_ / "middle", file_);
  replace_file(file_, new_text_);
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_TRUE(fs::is_symlink(folder_ / "middle"));
  EXPECT_EQ(read_text(folder_ / "deep" / "target"), new_text_);

  fs::create_symlink("deep/absent", folder_ / "dangling");
  replace_file(folder_ / "dangling", new_text_);
  EXPECT_EQ(read_text(folder_ / "deep" / "absent"), new_text_);

  fs::create_symlink("circle", folder_ / "circle");
  EXPECT_THAT(message_of([&] { replace_file(folder_ / "circle", new_text_); }),
              HasSubstr(std::generic_category().message(ELOOP)));
}

TEST_F(Files, ReplacesOnlyFiles) {
  EXPECT_THAT(message_of([&] { replace_file(folder_, new_text_); }), HasSubstr("is a directory"));
  EXPECT_THAT(message_of([&] { replace_file(folder_ / "", new_text_); }), HasSubstr("names no file"));
  EXPECT_THAT(message_of([&] { replace_file("", new_text_); }), HasSubstr("names no file"));
  EXPECT_THAT(message_of([&] { replace_file("/dev/full", new_text_); }), HasSubstr("is not a regular file"));
  EXPECT_THAT(message_of([&] { replace_file(folder_ / "absent" / "state", new_text_); }),
              HasSubstr(std::generic_category().message(ENOENT)));
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(Files, WorksInTheCurrentFolderAndWithTheLongestName) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  replace_file("state", new_text_);
  fs::current_path(before);
  EXPECT_EQ(read_text(file_), new_text_);
  replace_file(folder_ / std::string(255, 'x'), new_text_);
  EXPECT_EQ(read_text(folder_ / std::string(255, 'x')), new_text_);
}

TEST_F(Files, ALeftoverTemporaryFileIsNoObstacle) {
  replace_file(file_, old_text_);
  // Finds the next temporary name by letting rename fail, then takes it and the ones after it.
  InterceptedCalls calls{[](int, const std::string& name) { return name == "rename" ? EIO : 0; }};
  const std::string message = message_of([&] { replace_file(file_, std::as_bytes(std::span{new_text_}), calls); });
  const std::size_t dash = message.rfind('-');
  const int counter = std::stoi(message.substr(dash + 1));
  for (int next = counter + 1; next <= counter + 3; ++next) {
    std::ofstream{file_.string() + "." + std::to_string(getpid()) + "-" + std::to_string(next) + ".tmp"} << "left";
  }
  replace_file(file_, new_text_);
  EXPECT_EQ(read_text(file_), new_text_);
  EXPECT_EQ(names().size(), 4U);
}

TEST_F(Files, ThreadsReplaceTheSameFileWithoutMixing) {
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'e'; ++letter) {
    threads.emplace_back([&, letter] {
      for (int i = 0; i < 20; ++i) {
        replace_file(file_, std::string(10000, letter));
        const std::string text = read_text(file_);
        EXPECT_EQ(text, std::string(10000, text.at(0)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(names(), std::set<std::string>{"state"});
}

TEST_F(Files, ReadsWholeFiles) {
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 100000U}) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 % 251);
    replace_file(file_, text);
    EXPECT_EQ(read_text(file_), text);
    InterceptedCalls calls{[](int, const std::string&) { return 0; }};
    EXPECT_EQ(read_file(file_, calls), read_file(file_));
  }
  EXPECT_GT(read_file("/proc/self/status").size(), 100U);  // Its size is said to be 0.
}

TEST_F(Files, ReadsFilesThatChangeMeanwhile) {
  for (const std::size_t new_size : {10U, 20000U}) {
    replace_file(file_, std::string(3000, 'x'));
    InterceptedCalls calls{[&](int number, const std::string&) {
      if (number == 3) fs::resize_file(file_, new_size);  // After the first 1000 bytes were read.
      return 0;
    }};
    EXPECT_EQ(read_file(file_, calls).size(), std::max<std::size_t>(new_size, 1000));
  }
}

TEST_F(Files, ReadingNamesFileAndReason) {
  EXPECT_THAT(message_of([&] { read_file(folder_ / "absent"); }),
              AllOf(HasSubstr((folder_ / "absent").string()), HasSubstr(std::generic_category().message(ENOENT))));
  EXPECT_THAT(message_of([&] { read_file(folder_); }), HasSubstr("is a directory"));
  replace_file(file_, new_text_);
  for (int failing = 1; failing <= 3; ++failing) {
    InterceptedCalls calls{[&](int number, const std::string&) { return number == failing ? EIO : 0; }};
    EXPECT_THAT(message_of([&] { read_file(file_, calls); }), HasSubstr(std::generic_category().message(EIO)));
  }
}

}  // namespace
}  // namespace thalweg::inline v0_1
