// Versions, machine, and arguments quoted for a shell.
#include "study/environment.h"

#include "math_library.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/sgd.h>
#include <thalweg/text.h>
#include <thalweg/version.h>

#include <fmt/format.h>
#include <sys/utsname.h>
#include <torch/version.h>
#include <unistd.h>

#include <fstream>
#include <string_view>
#include <thread>

namespace thalweg::lab {
namespace {

/// The value of the first line `KEY<separator> VALUE` of a file, or nothing.
std::string value_of(const char* file, std::string_view key, char separator) {
  std::ifstream input(file);
  for (std::string line; std::getline(input, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t at = line.find(separator);
    if (at == std::string::npos) continue;
    std::string value = line.substr(at + 1);
    value.erase(0, value.find_first_not_of(" \t\""));
    while (!value.empty() && (value.back() == '"' || value.back() == ' ')) value.pop_back();
    return value;
  }
  return {};
}

std::string operating_system() {
  utsname kernel{};
  uname(&kernel);
  const std::string kernel_text = fmt::format("{} {} {}", kernel.sysname, kernel.release, kernel.machine);
  const std::string name = value_of("/etc/os-release", "PRETTY_NAME", '=');
  return name.empty() ? kernel_text : fmt::format("{} ({})", name, kernel_text);
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}", __clang_version__);
#elif defined(__GNUC__)
  return fmt::format("g++ {}", __VERSION__);
#else
  return "unknown";
#endif
}

/// In the shell's $'…', byte by byte: an octal number cannot take the next character for a digit of its own.
std::string escaped(const std::string& argument) {
  std::string text = "$'";
  for (const char c : argument) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e) {
      text += fmt::format("\\{:03o}", byte);
    } else {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + "'";
}

}  // namespace

nlohmann::json environment() {
  nlohmann::json machine{{"cores", std::thread::hardware_concurrency()}, {"os", operating_system()}};
  if (const std::string cpu = value_of("/proc/cpuinfo", "model name", ':'); !cpu.empty()) machine["cpu"] = cpu;
  const double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (bytes > 0) machine["memory"] = fmt::format("{:.1f} GiB", bytes / (1 << 30));
  if (const std::string blas = blas_name(); !blas.empty()) machine["blas"] = blas;
  machine["instruction_set"] = Optimizer(SGD{}).target();
  return {{"versions", {{"thalweg", THALWEG_VERSION}, {"libtorch", TORCH_VERSION}, {"compiler", compiler()}}},
          {"machine", machine}};
}

std::string shell_quoted(const std::string& argument) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos) return argument;
  if (printable(argument, argument.size()) != argument) return escaped(argument);
  std::string text = "'";
  for (const char c : argument) {
    if (c == '\'') {
      text += R"('\'')";
    } else {
      text += c;
    }
  }
  return text + "'";
}

}  // namespace thalweg::lab
