// Load: how busy the machine is with other work, which decides whether a measurement means anything.
#pragma once

#include <string>

namespace thalweg::bench {

/// More than this many cores busy with other work, and a ratio says nothing: a program that waits for all of its
/// threads at a barrier takes many times as long where one of them has to wait for its core.
constexpr double kMostBusyCores = 0.15;

/// How many cores are busy now, watched for 0.3 s in which this process rests: all processes, the kernel and, on a
/// virtual machine, what its host took away. Negative where the system does not say (/proc/stat).
double busy_cores();

/// The machine in one line: processor, cores, the load averages.
std::string machine();

}  // namespace thalweg::bench
