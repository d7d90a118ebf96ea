// Trials and plans of studies as JSON.
#include "study/trial_json.h"

#include "tasks/task.h"

#include <utility>

namespace thalweg::lab {

nlohmann::json trial_json(const TrialData& trial) {
  return {{"number", trial.number ? nlohmann::json(*trial.number) : nlohmann::json()},
          {"parameters", trial.parameters},
          {"optimizer", trial.optimizer},
          {"lr", trial.lr},
          {"role", to_string(trial.role)},
          {"config", trial.config},
          {"status", to_string(trial.status)},
          {"error", trial.error},
          {"result", trial.result ? nlohmann::json(*trial.result) : nlohmann::json()},
          {"epochs", trial.epochs},
          {"steps", trial.steps},
          {"diagnostics", trial.diagnostics}};
}

TrialData trial_from(const nlohmann::json& json) {
  TrialData trial;
  if (!json.at("number").is_null()) trial.number = json["number"].get<std::int64_t>();
  trial.parameters = json.at("parameters");
  json.at("optimizer").get_to(trial.optimizer);
  json.at("lr").get_to(trial.lr);
  trial.role = role_of(json.at("role"));
  json.at("config").get_to(trial.config);
  trial.status = status_of(json.at("status"));
  json.at("error").get_to(trial.error);
  if (!json.at("result").is_null()) trial.result = json["result"].get<TrainingResult>();
  json.at("epochs").get_to(trial.epochs);
  json.at("steps").get_to(trial.steps);
  json.at("diagnostics").get_to(trial.diagnostics);
  return trial;
}

nlohmann::json plan_json(const StudyData& study) {
  return {{"name", study.name},
          {"kind", study.kind},
          {"task", study.task},
          {"command", study.command},
          {"created", study.created},
          {"config", study.config},
          {"environment", study.environment}};
}

StudyData plan_from(const nlohmann::json& json) {
  StudyData study;
  json.at("name").get_to(study.name);
  json.at("kind").get_to(study.kind);
  study.task = find_task(json.at("task").get<std::string>()).name;
  json.at("command").get_to(study.command);
  json.at("created").get_to(study.created);
  study.config = json.at("config");
  study.environment = json.at("environment");
  return study;
}

}  // namespace thalweg::lab
