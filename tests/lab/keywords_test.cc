// Tests of spoken words: features against librosa's numbers, the model, false alarms against misses, and the commands.
#include "command_folder.h"
#include "data/dataset.h"
#include "error_of.h"
#include "golden_file.h"
#include "idx_files.h"
#include "models/log_mel.h"
#include "models/model.h"
#include "report/detection_section.h"
#include "training/detection.h"
#include "training/review.h"
#include "wav_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <torch/script.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace thalweg::lab {
namespace {

using test::Ended;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::error_of;

TEST(LogMel, FiltersAndBandsAreLibrosas) {
  const nlohmann::json golden = nlohmann::json::parse(tests::read_golden_file("log_mel"));
  const LogMel features;
  const torch::Tensor filters = features.named_buffers()["filters"];
  torch::Tensor expected = torch::zeros({40, 257});
  for (std::int64_t band = 0; band < 40; ++band) {
    const nlohmann::json& weights = golden.at("filters").at(static_cast<std::size_t>(band)).at("weights");
    const std::int64_t first = golden.at("filters").at(static_cast<std::size_t>(band)).at("first");
    for (std::size_t i = 0; i < weights.size(); ++i)
      expected[band][first + static_cast<std::int64_t>(i)] = weights[i].get<float>();
  }
  EXPECT_LT((filters - expected).abs().max().item<double>(), 1e-8);
  for (const nlohmann::json& each : golden.at("cases")) {
    const auto samples = each.at("samples").get<std::vector<float>>();
    const auto rows = each.at("bands").get<std::vector<std::vector<float>>>();
    const torch::Tensor bands = features.forward(torch::tensor(samples).div(32768).unsqueeze(0).repeat({2, 1}));
    ASSERT_EQ(bands.sizes(), (torch::IntArrayRef{2, 40, 1 + 3000 / 160}));
    for (std::int64_t band = 0; band < 40; ++band) {
      const torch::Tensor row = torch::tensor(rows[static_cast<std::size_t>(band)]);
      // librosa works in double here: 1e-4 of a power's logarithm is a float's rounding before a 512-point transform.
      EXPECT_LT((bands[1][band] - row).abs().max().item<double>(), 1e-4) << each.at("name") << " band " << band;
    }
  }
}

ModelShape sounds(std::int64_t samples, std::int64_t classes) {
  return {.inputs = {{.kind = InputKind::waveform, .shape = {samples}}}, .outputs = classes};
}

TEST(Keywords, TakesClipsOfAnyLengthAndDependsOnItsSeedAlone) {
  for (const std::int64_t samples : {1600, 16000, 17000}) {
    const auto model = make_model("keywords", sounds(samples, 12), {}, 5);
    const torch::Tensor x = torch::rand({3, samples}) - 0.5;
    EXPECT_EQ(model->forward({x}).sizes(), (torch::IntArrayRef{3, 12}));
    const auto same = make_model("keywords", sounds(samples, 12), {}, 5);
    const auto other = make_model("keywords", sounds(samples, 12), {}, 6);
    model->eval();
    same->eval();
    other->eval();
    // The forward pass above has moved the first model's running means.
    for (const auto& parameter : same->named_parameters()) {
      EXPECT_TRUE(torch::equal(parameter.value(), *model->named_parameters().find(parameter.key())));
    }
    EXPECT_FALSE(torch::equal(same->forward({x}), other->forward({x})));
  }
}

TEST(Keywords, EveryParameterIsTrained) {
  const auto model = make_model("keywords", sounds(16000, 3), {}, 1);
  model->forward({torch::rand({4, 16000}) - 0.5}).square().sum().backward();
  for (const auto& parameter : model->named_parameters()) {
    ASSERT_TRUE(parameter.value().grad().defined()) << parameter.key();
    EXPECT_GT(parameter.value().grad().abs().sum().item<double>(), 0) << parameter.key();
  }
}

TEST(Detection, CountsAreThoseOfTrying) {
  const std::vector<std::string> classes{"yes", "silence", "no", "unknown"};
  EXPECT_TRUE(has_detection(classes));
  EXPECT_FALSE(has_detection({"yes", "no"}));
  EXPECT_FALSE(has_detection({"unknown", "silence"}));
  const torch::Tensor probabilities =
      torch::softmax(torch::randn({500, 4}, torch::make_generator<at::CPUGeneratorImpl>(3)) * 3, 1);
  Detector detector(classes);
  std::vector<std::int64_t> truths;
  for (std::int64_t i = 0; i < 500; ++i) {
    truths.push_back((i * 7 + i / 9) % 4);
    detector.see(truths.back(), {probabilities.data_ptr<float>() + 4 * i, 4});
  }
  const Detection detection = detector.detection();
  EXPECT_EQ(detection.keywords, std::ranges::count_if(truths, [](auto t) { return t == 0 || t == 2; }));
  EXPECT_EQ(detection.unknown, std::ranges::count(truths, 3));
  EXPECT_EQ(detection.silence, std::ranges::count(truths, 1));
  ASSERT_EQ(detection.points.size(), detection_thresholds().size());
  for (const Detection::Point& point : detection.points) {
    Detection::Point expected{.threshold = point.threshold};
    for (std::int64_t i = 0; i < 500; ++i) {
      const double yes = probabilities[i][0].item<float>(), no = probabilities[i][2].item<float>();
      const std::int64_t said = std::max(yes, no) < point.threshold ? -1 : yes >= no ? 0 : 2;
      const std::int64_t truth = truths[static_cast<std::size_t>(i)];
      if (truth == 3) expected.alarms_unknown += said >= 0;
      if (truth == 1) expected.alarms_silence += said >= 0;
      if (truth == 0 || truth == 2) {
        expected.unheard += said < 0;
        expected.confused += said >= 0 && said != truth;
      }
    }
    EXPECT_EQ(point, expected) << point.threshold;
  }
  // Both rates go one way, so that where they differ least they are about equal.
  const Detection::Point& equal = detection.equal_point();
  for (const Detection::Point& point : detection.points) {
    EXPECT_GE(std::abs(detection.false_alarms(point) - detection.misses(point)),
              std::abs(detection.false_alarms(equal) - detection.misses(equal)));
  }
}

TEST(Detection, OfACaseByHand) {
  Detector detector({"go", "unknown"});
  const auto see = [&](std::int64_t truth, float go) {
    const std::vector<float> probabilities{go, 1 - go};
    detector.see(truth, probabilities);
  };
  see(0, 0.9f);
  see(0, 0.6f);
  see(0, 0.2f);
  see(1, 0.5f);
  see(1, 0.1f);
  const Detection detection = detector.detection();
  EXPECT_EQ(*detection.at(0.0), (Detection::Point{.threshold = 0, .alarms_unknown = 2}));
  EXPECT_EQ(*detection.at(0.5), (Detection::Point{.threshold = 0.5, .alarms_unknown = 1, .unheard = 1}));
  EXPECT_EQ(*detection.at(0.7), (Detection::Point{.threshold = 0.7, .unheard = 2}));
  EXPECT_EQ(detection.false_alarms(*detection.at(0.5)), 0.5);
  EXPECT_EQ(detection.misses(*detection.at(0.7)), 2 / 3.0);
  const std::string html = detection_html(detection);
  EXPECT_THAT(html, AllOf(HasSubstr("2 unknown words"), HasSubstr("3 keywords"), HasSubstr(">66.7<")));

  Detection twice = detection;
  twice += detection;
  EXPECT_EQ(twice.keywords, 6);
  EXPECT_EQ(twice.at(0.7)->unheard, 4);
  const Review review{.examples = 5, .classes = {"go", "unknown"}, .detection = detection};
  EXPECT_EQ(nlohmann::json::parse(nlohmann::json(review).dump()).get<Review>(), review);
  nlohmann::json json = detection;
  json["points"][3][4] = 4;
  EXPECT_THAT(error_of([&] { json.get<Detection>(); }), HasSubstr("4 of 3"));
  json = detection;
  json["points"][3][0] = 0.01;
  EXPECT_THAT(error_of([&] { json.get<Detection>(); }), HasSubstr("rising"));
}

/// Words are tones: of 400, 800, 1600 and 3200 Hz, in the voices of ten speakers, who are a little higher or lower.
class SpokenWords : public test::CommandFolder {
 protected:
  void SetUp() override {
    std::string test, validation;
    const std::vector<std::string> words{"low", "high", "middle", "top"};
    for (std::size_t w = 0; w < words.size(); ++w) {
      std::filesystem::create_directories(path("words/" + words[w]));
      for (int speaker = 0; speaker < 12; ++speaker) {
        const std::string name = fmt::format("{}/s{}_nohash_0.wav", words[w], speaker);
        const double hertz = 400 * std::pow(2, static_cast<double>(w)) * (0.9 + 0.02 * speaker);
        std::ofstream(path("words/" + name), std::ios::binary)
            << tests::sine_wav({.rate = speaker % 2 == 0 ? 16000 : 8000}, speaker % 2 == 0 ? 8000 : 4000, hertz, 0.4);
        if (speaker >= 9) test += name + "\n";
        if (speaker == 8) validation += name + "\n";
      }
    }
    std::ofstream(path("words/testing_list.txt")) << test;
    std::ofstream(path("words/validation_list.txt")) << validation;
    std::filesystem::create_directories(path("words/_background_noise_"));
    std::vector<std::int64_t> noise;
    for (std::uint64_t i = 0, state = 1; i < 20000; ++i) {
      state = state * 16807 % 2147483647;
      noise.push_back(static_cast<std::int64_t>(state % 8000) - 4000);
    }
    std::ofstream(path("words/_background_noise_/white.wav"), std::ios::binary) << tests::wav_bytes({}, noise);
  }
  std::string spec() const { return "wav:" + path("words"); }
  std::vector<std::string> training(const std::string& out) const {
    return {"train",
            "--model",
            "keywords",
            "--data",
            spec(),
            "--words",
            "low,high",
            "--epochs",
            "25",
            "--batch",
            "8",
            "--seed",
            "1",
            "--threads",
            "1",
            "--augment",
            "shift=50,noise=20,gain=3",
            "--out",
            path(out)};
  }
};

TEST_F(SpokenWords, AreTrainedJudgedPredictedReportedAndExported) {
  const nlohmann::json trained = json_of(training("run"));
  ASSERT_TRUE(trained.contains("test"));
  EXPECT_GE(trained.at("test").at("accuracy"), 0.75);
  // 2 words, 3 speakers; as many of other words and of silence as a word has.
  EXPECT_EQ(trained.at("detection").at("keywords"), 6);
  EXPECT_EQ(trained.at("detection").at("unknown"), 3);
  EXPECT_EQ(trained.at("detection").at("silence"), 3);

  const nlohmann::json judged = json_of({"eval", path("run")});
  EXPECT_EQ(judged.at("test"), trained.at("test"));
  EXPECT_EQ(judged.at("detection"), trained.at("detection"));
  EXPECT_EQ(json_of({"eval", path("run"), "--part", "validation"}).at("examples"), 4);
  EXPECT_THAT(thalweg({"eval", path("run")}).output, AllOf(HasSubstr("false alarms %"), HasSubstr("misses %")));

  // A folder without words, and one file.
  const nlohmann::json rows = json_of({"predict", path("run"), "--data", spec() + "/low"});
  ASSERT_EQ(rows.size(), 12u);
  EXPECT_EQ(rows[0].at("file"), "s0_nohash_0.wav");
  const nlohmann::json row = json_of({"predict", path("run"), "--data", spec() + "/low/s3_nohash_0.wav"});
  ASSERT_EQ(row.size(), 1u);
  EXPECT_EQ(row[0].at("file"), "s3_nohash_0.wav");
  EXPECT_THAT(thalweg({"predict", path("run"), "--data", spec() + "/low"}).output,
              HasSubstr("file,class,p(low),p(high),p(unknown),p(silence)\r\ns0_nohash_0.wav,"));

  // A file's name may be any bytes.
  std::filesystem::create_directories(path("odd"));
  std::filesystem::copy(path("words/low/s3_nohash_0.wav"), path("odd/\xff.wav"));
  EXPECT_EQ(json_of({"predict", path("run"), "--data", "wav:" + path("odd")}).at(0).at("file"), "\xEF\xBF\xBD.wav");

  ASSERT_EQ(thalweg({"report", path("run"), "-o", path("report.html")}).code, 0);
  const bool is_shown = test::contents(path("report.html")).find("False alarms and misses") != std::string::npos;
  EXPECT_TRUE(is_shown);

  // The same numbers out of TorchScript, from the samples themselves.
  ASSERT_EQ(thalweg({"export", path("run"), "-o", path("model.pt")}).code, 0);
  torch::jit::Module module = torch::jit::load(path("model.pt"));
  const Dataset dataset = open_dataset(spec(), {.words = "low,high"});
  std::vector<float> samples(16000);
  std::vector<std::int64_t> label(1);
  const std::int64_t example = dataset.test.front();
  dataset.examples->load(std::span(&example, 1), {.mean = {0}, .deviation = {1}},
                         {.inputs = {std::span(samples)}, .target = std::span(label)});
  const torch::Tensor outputs = module.forward({torch::tensor(samples).unsqueeze(0)}).toTensor();
  const torch::Tensor probabilities = torch::softmax(outputs, 1);
  const nlohmann::json predicted = json_of({"predict", path("run")}).at(0);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(probabilities[0][static_cast<std::int64_t>(i)].item<float>(),
                predicted.at("probabilities").at(dataset.target.class_names[i]).get<float>(), 1e-5);
  }

  // A list that names other clips would have some tested that have trained.
  std::filesystem::rename(path("words/validation_list.txt"), path("words/testing_list.txt"));
  const Ended changed = thalweg({"eval", path("run")});
  EXPECT_EQ(changed.code, 1);
  EXPECT_THAT(changed.errors, AllOf(HasSubstr("divides them otherwise"), Not(HasSubstr("resume"))));
}

TEST_F(SpokenWords, TheSameCommandTrainsTheSameModel) {
  std::vector<std::string> first = training("a"), second = training("b");
  for (auto* const each : {&first, &second}) (*each)[8] = "2";
  ASSERT_EQ(thalweg(first).code, 0);
  ASSERT_EQ(thalweg(second).code, 0);
  EXPECT_EQ(json_of({"predict", path("a")}), json_of({"predict", path("b")}));
}

TEST_F(SpokenWords, OtherModelsSayThatTheyDoNotTakeThem) {
  const Ended ended = thalweg({"train", "--model", "mlp", "--data", spec()});
  EXPECT_EQ(ended.code, 2) << ended.errors;
  EXPECT_THAT(ended.errors, AllOf(HasSubstr("waveforms"), HasSubstr("these take it: keywords")));
  EXPECT_THAT(thalweg({"train", "--model", "keywords", "--data", "make:spirals"}).errors,
              AllOf(HasSubstr("takes waveforms"), HasSubstr("numbers")));
}

TEST_F(SpokenWords, ATrainingWithoutSomeOfTheClassesWarns) {
  std::vector<std::string> arguments = training("run");
  arguments[8] = "1";
  EXPECT_EQ(thalweg(arguments).errors.find("warning"), std::string::npos);
  // The first 12 files are of "high" alone.
  arguments.insert(arguments.end(), {"--overwrite", "--train-limit", "8", "--validation-fraction", "0"});
  const Ended ended = thalweg(arguments);
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.errors, HasSubstr("warning: the training part has no example of 3 classes, low, …"));
}

TEST_F(SpokenWords, InfoSaysWhatIsThere) {
  const Ended ended = thalweg({"data", "info", spec(), "--words", "low,high"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("36 files of 0.50 to 0.50 s"), HasSubstr("silence: 12 windows"),
                                  HasSubstr("unknown: 12 of 24"), HasSubstr("speakers: 8, 1 and 3, 0 of them")));
}

}  // namespace
}  // namespace thalweg::lab
