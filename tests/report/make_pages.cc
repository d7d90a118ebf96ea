// Writes sample reports into a folder, for the browser checks: make_pages FOLDER.
#include "report/report.h"
#include "report/samples.h"

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
  const ReportOptions options{.target = {}, .command = "thalweg report runs/sample -o report.html"};
  const auto write = [&](const char* name, const std::vector<StudyData>& studies) {
    write_report(studies, folder / name, options);
  };
  write("compare.html", {samples::compare_study(8)});
  write("troubles.html", {samples::compare_study(9, true)});
  write("few_seeds.html", {samples::compare_study(3)});
  write("hostile.html", {samples::hostile_study(8)});
  write("train.html", {samples::train_study()});
  write("sections.html", {samples::compare_study(8), samples::train_study()});
  write("empty.html", {StudyData{}});
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
