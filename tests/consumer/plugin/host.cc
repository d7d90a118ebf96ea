// A program with two plug-ins, each with a thalweg of another version inside, in which RMSprop's default rate is .01
// and .5: host [static]. In one static program the C interface is the first one's.
#include "plugin.h"

#include <cmath>
#include <cstdio>
#include <string>

int main(int count, char**) {
  const Findings first = first_plugin(), second = second_plugin();
  for (const Findings& found : {first, second}) {
    std::printf("%s %s: lr %g, reached %g%s\n", found.version, found.optimizer, found.default_lr, found.reached,
                found.knows_lion ? ", with lion" : "");
  }
  const bool own_versions = std::string(first.version) == "0.1.0" && std::string(second.version) == "0.2.0";
  const bool fits = first.default_lr == 0.01 && second.default_lr == 0.5 && first.knows_lion && !second.knows_lion &&
                    std::string(first.optimizer) != second.optimizer && std::abs(first.reached) < 0.1 &&
                    first.reached == second.reached && first.refuses_nan && second.refuses_nan;
  return fits && (own_versions || count > 1) ? 0 : 1;
}
