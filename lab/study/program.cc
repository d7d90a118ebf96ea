// Program: JSON and placeholders.
#include "study/program.h"

#include <thalweg/error.h>
#include <thalweg/suggest.h>
#include <thalweg/text.h>

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>

namespace thalweg::lab {
namespace {

/// A word with what `value` gives for each of its placeholders.
std::string fill(std::string_view word, const std::function<std::string(const std::string&)>& value) {
  std::string text;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool doubled = i + 1 < word.size() && word[i + 1] == word[i];
    if ((word[i] == '{' || word[i] == '}') && doubled) {
      text += word[i++];
    } else if (const std::size_t end = word[i] == '{' ? word.find('}', i) : word.npos; end != word.npos) {
      text += value(std::string(word.substr(i + 1, end - i - 1)));
      i = end;
    } else {
      text += word[i];
    }
  }
  return text;
}

const char* text_of(Better better) { return better == Better::higher ? "higher" : "lower"; }

Better better_of(const std::string& text) {
  if (text != "higher" && text != "lower") throw Error(fmt::format("better = {} is neither higher nor lower", text));
  return text == "higher" ? Better::higher : Better::lower;
}

}  // namespace

void to_json(nlohmann::json& json, const Program& program) {
  json = {{"command", program.command},
          {"metric", program.metric},
          {"better", text_of(program.better)},
          {"timeout", program.timeout}};
}

void from_json(const nlohmann::json& json, Program& program) {
  json.at("command").get_to(program.command);
  json.at("metric").get_to(program.metric);
  json.at("timeout").get_to(program.timeout);
  program.better = better_of(json.at("better"));
}

void to_json(nlohmann::json& json, const ProgramCall& call) {
  json = {{"words", call.words}, {"metric", call.metric}, {"better", text_of(call.better)}, {"timeout", call.timeout}};
  if (!call.test.empty()) json["test"] = call.test;
}

void from_json(const nlohmann::json& json, ProgramCall& call) {
  json.at("words").get_to(call.words);
  json.at("metric").get_to(call.metric);
  json.at("timeout").get_to(call.timeout);
  call.better = better_of(json.at("better"));
  call.test = json.value("test", std::string());
}

Program program_of(const nlohmann::json& config) {
  if (!config.is_object() || !config.contains("program")) return {};
  try {
    return config["program"].get<Program>();
  } catch (const nlohmann::json::exception&) {
    throw Error("the study's configuration is damaged: its program is none");
  }
}

std::string test_key(const Program& program) { return "test_" + program.metric; }

std::string task_of(const Program& program) { return program.better == Better::higher ? "scored_program" : "program"; }

bool uses(const Program& program, const std::string& placeholder) {
  bool found = false;
  for (const std::string& word : program.command) {
    fill(word, [&](const std::string& name) {
      found |= name == placeholder;
      return std::string();
    });
  }
  return found;
}

void check_placeholders(const Program& program, const std::vector<std::string>& names) {
  std::vector<std::string> known = names;
  known.insert(known.end(), {Placeholders::kSeed, Placeholders::kFolder});
  std::set<std::string> used;
  for (const std::string& word : program.command) {
    fill(word, [&](const std::string& name) {
      if (std::ranges::find(known, name) == known.end()) {
        throw Error(fmt::format("the command's {{{}}} has no value{}; a brace itself is written twice", printable(name),
                                suggest(name, known)));
      }
      used.insert(name);
      return std::string();
    });
  }
  for (const std::string& name : names) {
    if (used.contains(name)) continue;
    throw Error(fmt::format("{} is in no word of the command: it would change nothing; write {{{}}} where it belongs",
                            printable(name), printable(name)));
  }
}

std::vector<std::string> filled(const Program& program, const std::map<std::string, std::string>& values) {
  std::vector<std::string> words;
  for (const std::string& word : program.command) {
    words.push_back(fill(word, [&](const std::string& name) {
      const auto found = values.find(name);
      return found == values.end() ? std::string() : found->second;
    }));
  }
  return words;
}

ProgramCall call_of(const Program& program, const std::map<std::string, std::string>& values) {
  return {
      .words = filled(program, values), .metric = program.metric, .better = program.better, .timeout = program.timeout};
}

}  // namespace thalweg::lab
