// What processes are started with: descriptors, pipes, names of signals.
#pragma once

#include <string>
#include <utility>

namespace thalweg::lab {

/// A file descriptor, closed at the end of its life.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  int get() const { return number_; }

 private:
  int number_ = -1;
};

/// The end to read from and the one to write to; programs that are started inherit neither. Throws thalweg::Error.
std::pair<Descriptor, Descriptor> make_pipe();

/// `SIGKILL`.
std::string signal_name(int number);

}  // namespace thalweg::lab
