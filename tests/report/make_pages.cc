// Writes sample reports, and pages of schedules, into a folder, for the browser checks: make_pages FOLDER.
#include "report/credit_samples.h"
#include "report/report.h"
#include "report/samples.h"
#include "report/search_samples.h"
#include "schedule/page.h"

#include <thalweg/schedule.h>

#include <exception>
#include <filesystem>
#include <iostream>
#include <vector>

int main(int count, char** arguments) try {
  using namespace thalweg::lab;
  if (count != 2) {
    std::cerr << "usage: make_pages FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  const ReportOptions options{.goal = {}, .command = "thalweg report runs/sample -o report.html"};
  const auto write = [&](const char* name, const std::vector<StudyData>& studies) {
    write_report(studies, folder / name, options);
  };
  write("compare.html", {samples::compare_study(8)});
  write("troubles.html", {samples::compare_study(9, true)});
  write("few_seeds.html", {samples::compare_study(3)});
  write("hostile.html", {samples::hostile_study(8)});
  write("train.html", {samples::train_study()});
  write("regression.html", {samples::regression_study()});
  write("credit.html", {samples::credit_study()});
  write("credit_folds.html", {samples::credit_study(4)});
  write("text.html", {samples::text_study()});
  write("sections.html", {samples::compare_study(8), samples::train_study()});
  write("family.html", {samples::family_study(8)});
  write("tasks.html", samples::several_tasks(8));
  ReportOptions judged = options;
  judged.claims = {{.claim = "Larger η and ρ converge faster",
                    .experiment = "an MLP with four decays at each of nine rates",
                    .answer = "does not hold",
                    .sentence = "The fastest η lay below the largest that did not diverge.",
                    .detail = "By validation accuracy after 4 epochs: ρ = 0.9: fastest at η = 0.003.",
                    .rows = {{"ρ = 0.9, rates", "fastest at η = 0.003"}, {"ρ = 0.99, tuned", "88.51 % (8 seeds)"}}},
                   {.claim = "<b>Hostile</b> claims",
                    .experiment = "none",
                    .answer = "cannot tell",
                    .sentence = "",
                    .detail = "",
                    .rows = {}}};
  write_report(samples::several_tasks(8), folder / "claims.html", judged);
  write("search.html", {samples::search_study(60)});
  write("hyperband.html", {samples::hyperband_study()});
  write("hostile_search.html", {samples::hostile_search()});
  write("one_trial.html", {samples::one_trial_search()});
  write("large_search.html", {samples::search_study(1000)});
  write("mixed.html", {samples::compare_study(8), samples::search_study(24)});
  write("empty.html", {StudyData{}});
  const auto draw = [&](const char* name, const std::vector<const char*>& schedules) {
    std::vector<Curve> curves;
    for (const char* const schedule : schedules) {
      curves.emplace_back(thalweg::parse_schedule(schedule), CurveOptions{.lr = 1e-3, .steps = 9000});
    }
    write_schedule_page(curves, "thalweg schedule cosine --steps 9000 -o schedule.html", folder / name);
  };
  draw("schedule.html", {"cosine:warmup=500"});
  draw("schedules.html", {"one_cycle", "linear:start=0.1,end=1,steps=1000,then=multi_step:milestones=2000/4000/6000",
                          "cosine_restarts:period=1000,t_mult=2,floor=0.1", "cyclic:up=500,mode=triangular2"});
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
