// The program behind bench/targets: measures what thalweg must reach and prints target, measured, met or not.
#include "load.h"
#include "target.h"

#include <thalweg/error.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <thread>

namespace thalweg::bench {

namespace {

bool selected(const Target& target, const std::vector<std::string>& only) {
  return only.empty() || std::ranges::any_of(only, [&](const std::string& id) {
           return target.id == id || target.id.starts_with(id + ".");
         });
}

std::string to_text(const Target& target, double value) {
  return fmt::format("{:.{}f}{}", value, value < 10 ? 2 : 1, target.unit);
}

std::string limit_text(const Target& target) {
  return fmt::format("{} {:g}{}", target.at_least ? "≥" : "≤", target.limit, target.unit);
}

/// Pads to a width in characters: fmt counts bytes of what is not ASCII in some locales.
std::string padded(const std::string& text, std::size_t width) {
  const auto characters = static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
  return text + std::string(characters < width ? width - characters : 0, ' ');
}

void print(const Target& target, const Measurement& measurement) {
  std::string measured = "—", verdict = "not measured";
  if (const auto& value = measurement.value) {
    measured = to_text(target, value->median);
    if (value->low != value->high) {
      measured += fmt::format(" ({:.4g} … {:.4g})", value->low, value->high);
    }
    verdict = target.met(value->median) ? "met" : "NOT MET";
  }
  fmt::print("{} {} {} {}\n    {}: {}\n", padded(target.id, 26), padded(limit_text(target), 10), padded(measured, 28),
             verdict, target.what, measurement.detail);
  if (measurement.busy_cores > kMostBusyCores) {
    fmt::print("    {:.1f} cores were busy with other work: this ratio means nothing\n", measurement.busy_cores);
  }
  std::fflush(stdout);
}

nlohmann::json to_json(const Target& target, const Measurement& measurement) {
  nlohmann::json row{{"id", target.id},
                     {"what", target.what},
                     {"limit", target.limit},
                     {"at_least", target.at_least},
                     {"unit", target.unit},
                     {"detail", measurement.detail},
                     {"measured", nullptr},
                     {"met", nullptr},
                     {"busy_cores", measurement.busy_cores}};
  if (const auto& value = measurement.value) {
    row["measured"] = value->median;
    row["low"] = value->low;
    row["high"] = value->high;
    row["met"] = target.met(value->median);
  }
  return row;
}

int run(int count, char** arguments) {
  CLI::App app{"Measures what thalweg must reach: side by side in one run, medians of pairs (least … greatest)."};
  app.option_defaults()->always_capture_default();
  Settings settings{.threads = static_cast<int>(std::thread::hardware_concurrency()),
                    .python = "build/peers-venv/bin/python",
                    .peers = THALWEG_PEERS,
                    .training_steps = THALWEG_TRAINING_STEPS};
  std::vector<std::string> only, except;
  bool json = false, list = false;
  app.add_option("--only", only, "Rows to measure: roof, large.adam, step.mlp, …")->default_str("all");
  app.add_option("--except", except, "Rows to leave out")->default_str("none");
  app.add_option("--pairs", settings.pairs, "Pairs of measurements")->check(CLI::PositiveNumber);
  app.add_option("--threads", settings.threads, "Threads of both sides")->check(CLI::PositiveNumber);
  app.add_option(
      "--python", settings.python,
      "Python that has torch 2.13.0, and JAX, Optax and Keras for some rows (scripts/peers_python.sh makes one)");
  app.add_option("--demo-log", settings.demo_log, "What scripts/fresh_debian.sh printed")->check(CLI::ExistingFile);
  app.add_flag("--json", json, "Print JSON");
  app.add_flag("--list", list, "Only print the rows there are");
  CLI11_PARSE(app, count, arguments);

  std::vector<Target> targets;
  add_engine_targets(settings, targets);
  add_look_targets(settings, targets);
  add_idle_targets(settings, targets);
  add_peer_targets(settings, targets);
  add_rows_targets(settings, targets);
  add_libtorch_targets(settings, targets);
  add_drop_in_targets(settings, targets);
  add_training_targets(settings, targets);
  add_result_targets(settings, targets);
  std::erase_if(targets, [&](const Target& target) {
    return !selected(target, only) || (!except.empty() && selected(target, except));
  });
  if (targets.empty()) {
    fmt::print(stderr, "error: no row is called that; --list shows them all\n");
    return 2;
  }
  if (list) {
    for (const Target& target : targets) {
      fmt::print("{} {} {}\n", padded(target.id, 26), padded(limit_text(target), 10), target.what);
    }
    return 0;
  }

  const std::string about = machine();
  if (!json) fmt::print("{}\n\n", about);
  nlohmann::json rows = nlohmann::json::array();
  bool all_met = true;
  std::size_t disturbed = 0;
  for (const Target& target : targets) {
    Measurement measurement;
    const double before = busy_cores();
    try {
      measurement = target.measure();
    } catch (const std::exception& error) {
      measurement.detail = std::string("failed: ") + error.what();
    }
    measurement.busy_cores = std::max(before, busy_cores());
    if (measurement.busy_cores > kMostBusyCores) ++disturbed;
    all_met = all_met && measurement.value && target.met(measurement.value->median);
    if (json) {
      rows.push_back(to_json(target, measurement));
    } else {
      print(target, measurement);
    }
  }
  if (json) {
    std::cout << nlohmann::json{{"machine", about}, {"targets", rows}, {"pairs", settings.pairs}}.dump(2) << "\n";
  } else if (disturbed > 0) {
    fmt::print("\n{} of {} rows were measured beside other work. Stop it and measure them again.\n", disturbed,
               targets.size());
  }
  return all_met ? 0 : 1;
}

}  // namespace

std::vector<int> thread_counts(const Settings& settings) {
  if (settings.threads == 1) return {1};
  return {settings.threads, 1};
}

}  // namespace thalweg::bench

int main(int count, char** arguments) { return thalweg::bench::run(count, arguments); }
