// The update rules once more, in plain double, element by element, for tests to compare the engine with.
//
// Written from the papers and the peers' documentation, not from src/rules, and checked against recorded numbers of
// PyTorch, Keras, Optax, TensorFlow and timm by goldens_test.cc. Clarity before speed.
#pragma once

#include "engine/oracle/adam_family.h"
#include "engine/oracle/common.h"
#include "engine/oracle/factored.h"
#include "engine/oracle/layerwise.h"
#include "engine/oracle/momentum.h"
#include "engine/oracle/signs.h"
#include "engine/oracle/squares.h"
