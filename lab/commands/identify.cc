// thalweg identify: which rule, under which options, gave a recorded run?
#include "identify/identify.h"
#include "identify/report.h"

#include "commands/commands.h"
#include "commands/exit.h"
#include "output/output.h"
#include "progress.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

constexpr const char* kFooter = R"(
FILE is JSON: a recorded run, or a list of them, with `theta0`, `grads` (a list of numbers a step, null where there is no
gradient) and `theta`, the parameters after some steps by their numbers; if it is known, `dtype`, `lr_schedule`
([[first step, lr], …]) and `known` ({"rule": "rmsprop", "lr": 0.01}). Files of `thalweg replay` can be used as they are.

What is fitted are all options of every rule, in every combination that makes a difference. All that gives the numbers
is told, with the classes and functions of PyTorch, Keras, Optax, TensorFlow and timm that write it so. Rules that sum
over parameters (LAMB, LARS, Adafactor) need whole ones, `splits` and, where there are matrices, `shapes`.

Exit codes: 0 something fits, 1 nothing does, 2 the file cannot be used.

Examples:
  thalweg identify recorded.json
  thalweg identify recorded.json --rule rmsprop --rule adam --known lr=0.001 --json)";

struct Flags {
  std::string file;
  std::vector<std::string> rules, known;
  identify::Wishes wishes;
  bool json = false;
};

identify::Known told(const Flags& flags) {
  identify::Known known;
  for (const std::string& rule : flags.rules) known.allow_rule(rule);
  for (const std::string& text : flags.known) known.tell(text);
  return known;
}

void identify_command(Flags flags) {
  const std::vector<identify::UnknownRun> runs =
      as_usage([&] { return identify::read_unknown_runs(flags.file, told(flags)); });
  ProgressBar bar;
  std::size_t failed = 0;
  nlohmann::ordered_json json{{"cases", nlohmann::ordered_json::array()}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    flags.wishes.progress = [&](double done) {
      if (!bar.due()) return;
      const double all = (static_cast<double>(i) + done) / static_cast<double>(runs.size());
      bar.draw(fmt::format("run {}/{}", i + 1, runs.size()), all, runs[i].recording.id);
    };
    const identify::Answer answer = identify::identify(runs[i], flags.wishes);
    if (!answer.fits()) ++failed;
    bar.clear();
    if (flags.json) {
      json["cases"].push_back(identify::report_json(runs[i], answer));
    } else {
      print_lines((i > 0 ? "\n" : "") + identify::report_text(runs[i], answer));
    }
  }
  if (flags.json) print_json(json);
  if (failed > 0) throw Error(fmt::format("{} of {} runs fit no rule", failed, runs.size()));
}

}  // namespace

void add_identify(CLI::App& app) {
  CLI::App* command = app.add_subcommand("identify", "Tell which rule, under which options, gave a recorded run");
  command->footer(kFooter);
  auto flags = std::make_shared<Flags>();
  command->add_option("FILE", flags->file, "Recorded runs, JSON")->type_name("")->required();
  command->add_option("--rule", flags->rules, "Look at this rule only (may be given several times)")->take_all();
  command
      ->add_option("--known", flags->known,
                   "What is known of an option, as lr=0.01 or nesterov=true (may be given several times)")
      ->take_all();
  command
      ->add_option(
          "--rtol", flags->wishes.rtol,
          "How exact the recording is: allowed relative error; 1e-9 for float64 and 1e-4 for float32 by default, "
          "and updates to rounding")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--top", flags->wishes.near, "How many near misses are told if nothing fits")
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print JSON");
  command->callback([flags] { identify_command(*flags); });
}

}  // namespace thalweg::lab
