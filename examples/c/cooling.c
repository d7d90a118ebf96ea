/* RMSprop from C: fits the curve of a cooling cup of coffee to eight thermometer readings, and goes on from a saved
 * state. */
#include <thalweg/c.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Newton's law of cooling: temperature(t) = room + excess · e^(−rate · t), t in units of ten minutes. */
static const float kReading[] = {89.7f, 64.2f, 48.3f, 37.9f, 32.0f, 27.7f, 25.2f, 23.8f}; /* °C */
enum { kReadings = sizeof kReading / sizeof *kReading };

/* Mean squared error of room, excess and rate, and its gradient by the chain rule. */
static float loss(const float* curve, float* gradient) {
  float sum = 0;
  for (int i = 0; i < 3; ++i) gradient[i] = 0;
  for (int i = 0; i < kReadings; ++i) {
    const float decay = expf(-curve[2] * (float)i), error = curve[0] + curve[1] * decay - kReading[i];
    sum += error * error / kReadings;
    gradient[0] += 2 * error / kReadings;
    gradient[1] += 2 * error * decay / kReadings;
    gradient[2] += 2 * error * curve[1] * decay * -(float)i / kReadings;
  }
  return sum;
}

/* Ends the program if a call was refused. */
static void expect_ok(thalweg_status status) {
  if (status == THALWEG_OK) return;
  fprintf(stderr, "thalweg: %s\n", thalweg_message());
  exit(1);
}

int main(void) {
  float curve[3] = {10, 50, 1}, gradient[3]; /* room, excess, rate */
  const int64_t size = 3;
  const float start = loss(curve, gradient);

  thalweg_optimizer* optimizer = NULL;
  thalweg_gradient step = THALWEG_GRADIENT_INIT;
  expect_ok(thalweg_create("rmsprop:lr=0.1,alpha=0.9 schedule=cosine", NULL, &optimizer));
  expect_ok(thalweg_set_run_length(optimizer, 1, 4000));
  expect_ok(thalweg_add(optimizer, "curve", THALWEG_F32, curve, &size, 1, &step.parameter));
  step.values = gradient;
  step.count = 3;
  for (int i = 0; i < 2000; ++i) {
    loss(curve, gradient);
    expect_ok(thalweg_step(optimizer, &step, 1, NULL, NULL));
  }

  /* A checkpoint: the state as bytes, and another optimizer that goes on from it. */
  void* state = NULL;
  size_t bytes = 0;
  expect_ok(thalweg_state(optimizer, &state, &bytes));
  thalweg_destroy(optimizer);
  expect_ok(thalweg_create("rmsprop", NULL, &optimizer));
  expect_ok(thalweg_add(optimizer, "curve", THALWEG_F32, curve, &size, 1, &step.parameter));
  expect_ok(thalweg_load_state(optimizer, state, bytes));
  thalweg_free(state);
  for (int i = 0; i < 2000; ++i) {
    loss(curve, gradient);
    expect_ok(thalweg_step(optimizer, &step, 1, NULL, NULL));
  }
  thalweg_destroy(optimizer);

  const float end = loss(curve, gradient);
  printf("mean squared error: %.2f at the start, %.4f at the end\n", start, end);
  printf("the room has %.1f °C, the coffee had %.1f °C\n", curve[0], curve[0] + curve[1]);
  return end < 0.05f ? 0 : 1;
}
