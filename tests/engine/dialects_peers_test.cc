// What is told of the frameworks' words and defaults against what their configurations are read as.
#include "engine/dialects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;

/// A configuration of nothing but what has no default, and the switch that makes an Adam AMSGrad.
std::string json_of_required(const PeerOptimizer& peer, const RuleInfo& rule) {
  json::Object keys;
  for (const PeerOption& option : peer.options) {
    if (!option.key.empty() && !option.value) keys[option.key] = 0.5;
    if (rule.name == "amsgrad" && option.key == "amsgrad") keys["amsgrad"] = true;
  }
  return json::to_string(keys);
}

TEST(DialectPeers, HaveTheDefaultsThatTheirConfigurationsAreReadWith) {
  std::size_t count = 0;
  for (const RuleInfo* rule : rules()) {
    for (const PeerOptimizer& peer : peer_optimizers(*rule)) {
      SCOPED_TRACE(std::string(rule->name) + ", " + std::string(peer.peer) + " " + std::string(peer.name));
      const Translation read = translate(peer.peer, peer.name, json_of_required(peer, *rule));
      EXPECT_EQ(read.options.rule().name, rule->name);
      EXPECT_EQ(read.settings.step_count, peer.step_count);
      ASSERT_EQ(peer.options.size(), rule->options.size());
      for (const PeerOption& option : peer.options) {
        if (option.option == "nesterov_same_step") continue;  // TensorFlow's, only beside its nesterov
        EXPECT_EQ(read.options.get(option.option), option.value.value_or(0.5)) << option.option;
      }
      ++count;
    }
  }
  EXPECT_GE(count, 53u);
}

TEST(DialectPeers, TheirKeysAreRead) {
  for (const RuleInfo* rule : rules()) {
    for (const PeerOptimizer& peer : peer_optimizers(*rule)) {
      for (const PeerOption& option : peer.options) {
        if (option.key.empty() || option.key.ends_with("]") || option.key == "amsgrad") continue;
        SCOPED_TRACE(std::string(peer.peer) + " " + std::string(peer.name) + " " + option.key);
        const OptionInfo& info = rule->options[static_cast<std::size_t>(rule->find_option(option.option))];
        json::Value keys = json::parse(json_of_required(peer, *rule), "keys");
        if (!option.note.empty()) continue;  // it does not stand there as it is
        const double other = info.type == OptionType::boolean ? 1 - option.value.value_or(0)
                             : option.key == "d"              ? 1.5  // which PyTorch wants to be 1 at least
                             : info.range.contains(0.25)      ? 0.25
                             : info.range.contains(4.5)       ? 4.5
                                                              : -0.25;
        keys[option.key] = info.type == OptionType::boolean ? json::Value(other != 0) : json::Value(other);
        if (option.key == "nesterov" && peer.name.starts_with("nadam")) continue;  // without it, it is another rule
        EXPECT_EQ(translate(peer.peer, peer.name, json::to_string(keys)).options.get(option.option), other);
      }
    }
  }
}

TEST(DialectPeers, KnowTheNamesOfTheState) {
  const std::vector<PeerOptimizer> peers = peer_optimizers(rule("rmsprop"));
  const auto named = [&](std::string_view peer, std::string_view name, std::string_view ours, std::string_view theirs) {
    for (const PeerOptimizer& one : peers) {
      if (one.peer != peer || one.name != name) continue;
      EXPECT_THAT(one.columns, Contains(std::pair(ours, theirs)));
    }
  };
  named("torch", "RMSprop", "v", "square_avg");
  named("torch", "RMSprop", "b", "momentum_buffer");
  named("tf1", "ResourceApplyCenteredRMSProp", "m", "mg");
  for (const RuleInfo* one : rules()) {
    for (const PeerOptimizer& peer : peer_optimizers(*one)) {
      for (const auto& [ours, theirs] : peer.columns) {
        EXPECT_THAT(one->columns, Contains(Field(&ColumnInfo::name, ours))) << peer.name;
      }
    }
  }
}

TEST(DialectPeers, TellWhatMakesNoDifference) {
  const auto matters = [](std::string_view rule_name, std::string_view peer, std::string_view name,
                          std::string_view option) {
    for (const PeerOptimizer& one : peer_optimizers(rule(rule_name))) {
      if (one.peer != peer || one.name != name) continue;
      for (const PeerOption& said : one.options) {
        if (said.option == option) return said.matters;
      }
    }
    ADD_FAILURE() << peer << " " << name << " " << option;
    return false;
  };
  EXPECT_FALSE(matters("rmsprop", "tf1", "ResourceApplyRMSProp", "decoupled_weight_decay"));
  EXPECT_TRUE(matters("rmsprop", "keras", "RMSprop", "decoupled_weight_decay"));
  EXPECT_TRUE(matters("rmsprop", "keras", "RMSprop", "lr_in_momentum"));
  EXPECT_FALSE(matters("sgd", "tf1", "ResourceApplyGradientDescent", "nesterov"));
  EXPECT_FALSE(matters("nadam", "optax", "nadam", "momentum_decay"));
  EXPECT_TRUE(matters("nadam", "keras", "Nadam", "momentum_decay"));
  EXPECT_TRUE(matters("lamb", "timm", "Lamb", "always_adapt"));  // where there is no decay
  EXPECT_TRUE(matters("lamb", "keras", "Lamb", "decoupled_weight_decay"));
  EXPECT_FALSE(matters("adafactor", "keras", "Adafactor", "decay_without_lr"));
  EXPECT_FALSE(matters("adafactor", "optax", "adafactor", "warmup_init"));
  EXPECT_TRUE(matters("adafactor", "torch", "Adafactor", "eps_inside"));
}

}  // namespace
}  // namespace thalweg::tests
