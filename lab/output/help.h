// HelpFormatter: lays out `--help` for the terminal's width.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Formatter.hpp>

#include <cstddef>
#include <string>

namespace thalweg::lab {

/// Lines of at most `width` columns, broken between words. Footers are written as paragraphs: their lines are joined,
/// but for those that are indented (examples); what stands behind a gap in such a line explains it.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::size_t width) : width_(width) {}

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_option_usage(const CLI::Option* option) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;
  std::string make_footer(const CLI::App* app) const override;

 private:
  std::string entry(const std::string& name, const std::string& meaning) const;

  std::size_t width_;
};

}  // namespace thalweg::lab
