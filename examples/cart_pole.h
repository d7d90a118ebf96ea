// A pole on a cart that is pushed to the left or to the right (Barto, Sutton and Anderson 1983), as CartPole-v1 has it.
#pragma once

#include <array>
#include <cmath>
#include <random>

class CartPole {
 public:
  /// The cart's place (m) and speed, the pole's angle from upright (rad) and its speed.
  using State = std::array<float, 4>;

  /// Each number begins between −0.05 and 0.05.
  explicit CartPole(unsigned seed) {
    std::mt19937 draws(seed);
    std::uniform_real_distribution<float> near_zero(-0.05f, 0.05f);
    for (float& number : state_) number = near_zero(draws);
  }

  const State& state() const { return state_; }
  int steps() const { return steps_; }
  /// Is the pole more than 12° from upright, or the cart more than 2.4 m from the middle?
  bool has_fallen() const { return std::abs(state_[0]) > 2.4f || std::abs(state_[2]) > 12 * 3.14159265f / 180; }
  bool has_ended() const { return has_fallen() || steps_ == 500; }

  /// action: 0 pushes to the left, 1 to the right, for a fiftieth of a second.
  void push(int action) {
    constexpr float kGravity = 9.8f, kCart = 1, kPole = 0.1f, kHalfLength = 0.5f, kForce = 10, kSeconds = 0.02f;
    auto& [place, speed, angle, turning] = state_;
    const float force = action == 1 ? kForce : -kForce, sine = std::sin(angle), cosine = std::cos(angle);
    const float pull = (force + kPole * kHalfLength * turning * turning * sine) / (kCart + kPole);
    const float angular =
        (kGravity * sine - cosine * pull) / (kHalfLength * (4.0f / 3 - kPole * cosine * cosine / (kCart + kPole)));
    const float acceleration = pull - kPole * kHalfLength * angular * cosine / (kCart + kPole);
    place += kSeconds * speed;
    speed += kSeconds * acceleration;
    angle += kSeconds * turning;
    turning += kSeconds * angular;
    ++steps_;
  }

 private:
  State state_{};
  int steps_ = 0;
};
