// A deep Q-network that learns to balance a pole, with LibTorch and thalweg's centered RMSprop, which its paper uses.
//
// Q(s, a) is a network; a step makes it more like r + γ max Q⁻(s′, ·), where Q⁻ is a copy from some steps ago and
// (s, a, r, s′) are drawn out of what was seen (Mnih et al. 2015, Nature 518, 529). Errors are clipped to ±1.
//
//   deep_q_network [STEPS [SEEDS [FILE.svg]]]    by default 30,000 steps at most, until the pole stands; 1 seed
//
// With a file, all steps are done, and the curves of all seeds are drawn into it.
#include "cart_pole.h"
#include "curves.h"

#include <thalweg/libtorch.h>

#include <torch/torch.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr double kDiscount = 0.99;  // γ
constexpr int kBatch = 64;
constexpr int kFirst = 1000;           // steps at random, before the first update
constexpr int kUntilGreedy = 10'000;   // steps until …
constexpr double kLeastRandom = 0.05;  // … only this share of the actions is drawn at random
constexpr int kBetweenCopies = 500;    // of Q to Q⁻
constexpr int kBetweenTests = 1000;    // steps
constexpr int kTestEpisodes = 20;
constexpr double kEnough = 195;  // mean return at which this task was once said to be solved

/// What was seen, a row a step; the oldest rows are overwritten.
class Replay {
 public:
  explicit Replay(std::int64_t capacity) : capacity_(capacity) {}

  void add(const CartPole::State& before, int action, const CartPole::State& after, bool fell) {
    const std::int64_t row = count_++ % capacity_;
    for (std::size_t k = 0; k < before.size(); ++k) {
      before_[row][static_cast<std::int64_t>(k)] = before[k];
      after_[row][static_cast<std::int64_t>(k)] = after[k];
    }
    action_[row] = action;
    goes_on_[row] = fell ? 0.0f : 1.0f;
  }

  struct Batch {
    torch::Tensor before, action, after, goes_on;
  };
  Batch draw() const {
    const torch::Tensor rows = torch::randint(std::min(count_, capacity_), {kBatch}, torch::kInt64);
    return {before_tensor_.index_select(0, rows), action_tensor_.index_select(0, rows),
            after_tensor_.index_select(0, rows), goes_on_tensor_.index_select(0, rows)};
  }

 private:
  std::int64_t capacity_, count_ = 0;
  torch::Tensor before_tensor_ = torch::zeros({capacity_, 4}), after_tensor_ = torch::zeros({capacity_, 4});
  torch::Tensor action_tensor_ = torch::zeros({capacity_}, torch::kInt64), goes_on_tensor_ = torch::zeros({capacity_});
  torch::TensorAccessor<float, 2> before_ = before_tensor_.accessor<float, 2>(),
                                  after_ = after_tensor_.accessor<float, 2>();
  torch::TensorAccessor<std::int64_t, 1> action_ = action_tensor_.accessor<std::int64_t, 1>();
  torch::TensorAccessor<float, 1> goes_on_ = goes_on_tensor_.accessor<float, 1>();
};

torch::nn::Sequential make_network() {
  return torch::nn::Sequential(torch::nn::Linear(4, 64), torch::nn::ReLU(), torch::nn::Linear(64, 64),
                               torch::nn::ReLU(), torch::nn::Linear(64, 2));
}

int best_action(torch::nn::Sequential& network, CartPole::State state) {
  const torch::NoGradGuard no_gradients;
  return network->forward(torch::from_blob(state.data(), {1, 4})).argmax(1).item<int>();
}

/// Mean steps that the pole stands when every action is the best one, in episodes that nothing is learned from.
double test(torch::nn::Sequential& network) {
  double steps = 0;
  for (unsigned episode = 0; episode < kTestEpisodes; ++episode) {
    CartPole cart(1'000'000 + episode);
    while (!cart.has_ended()) cart.push(best_action(network, cart.state()));
    steps += cart.steps();
  }
  return steps / kTestEpisodes;
}

/// Trains, and gives the mean return of each test.
std::vector<double> train(unsigned seed, int steps, bool until_enough) {
  torch::manual_seed(seed);
  std::mt19937 draws(seed);
  std::uniform_real_distribution<double> share;
  torch::nn::Sequential network = make_network(), copy = make_network();
  const auto copy_weights = [&] {
    const torch::NoGradGuard no_gradients;
    for (std::size_t k = 0; k < network->parameters().size(); ++k)
      copy->parameters()[k].copy_(network->parameters()[k]);
  };
  copy_weights();
  // The paper's rule, α and place of ε. Its ε = 0.01 and η = 2.5e-4 are for games; gradients are smaller here, so both
  // are others.
  thalweg::libtorch::RMSprop optimizer{*network,
                                       {.lr = 1e-3, .alpha = 0.95, .eps = 1e-3, .centered = true, .eps_inside = true}};
  optimizer.engine().set_schedule(thalweg::parse_schedule("linear:steps=" + std::to_string(steps)));

  Replay replay(20'000);
  CartPole cart(draws());
  std::vector<double> tested{test(network)};
  for (int step = 1; step <= steps; ++step) {
    const double random = std::max(kLeastRandom, 1 - (1 - kLeastRandom) * step / kUntilGreedy);
    const CartPole::State before = cart.state();
    const int action = share(draws) < random ? static_cast<int>(draws() % 2) : best_action(network, before);
    cart.push(action);
    replay.add(before, action, cart.state(), cart.has_fallen());
    if (cart.has_ended()) cart = CartPole(draws());

    if (step >= kFirst) {
      const Replay::Batch batch = replay.draw();
      torch::Tensor target;
      {
        const torch::NoGradGuard no_gradients;
        target = 1 + kDiscount * batch.goes_on * std::get<0>(copy->forward(batch.after).max(1));
      }
      const torch::Tensor given = network->forward(batch.before).gather(1, batch.action.unsqueeze(1)).squeeze(1);
      optimizer.zero_grad();
      torch::nn::functional::huber_loss(given, target).backward();
      optimizer.step();
    }
    if (step % kBetweenCopies == 0) copy_weights();
    if (step % kBetweenTests == 0) {
      tested.push_back(test(network));
      std::printf("seed %u, %d steps: the pole stands for %.1f steps\n", seed, step, tested.back());
      if (until_enough && tested.back() >= kEnough) break;
    }
  }
  return tested;
}

}  // namespace

int main(int argument_count, char** arguments) {
  torch::set_num_threads(1);  // the network is small
  const int steps = argument_count > 1 ? std::atoi(arguments[1]) : 30'000;
  const int seeds = argument_count > 2 ? std::atoi(arguments[2]) : 1;
  const bool draws_curves = argument_count > 3;
  Curve curve{.label = "centered", .colour = "#1f5fa8", .dashes = {}, .runs = {}};
  bool all_stand = true;
  for (int seed = 1; seed <= seeds; ++seed) {
    curve.runs.push_back(train(static_cast<unsigned>(seed), steps, !draws_curves));
    all_stand = all_stand && *std::max_element(curve.runs.back().begin(), curve.runs.back().end()) >= kEnough;
  }
  if (draws_curves) write_curves(arguments[3], {{"CartPole", "steps that the pole stands", {curve}}}, steps);
  if (!all_stand) std::printf("expected a test of at least %.0f steps\n", kEnough);
  return all_stand ? 0 : 1;
}
