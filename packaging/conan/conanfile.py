"""Conan 2 recipe of thalweg's engine, from the checkout or tarball that it lies in: conan create packaging/conan.

Without a network, Highway is the system's where a profile says so:

    [platform_requires]
    highway/1.0.3
"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.4"


class ThalwegConan(ConanFile):
    name = "thalweg"
    description = "RMSprop and its family, run at memory speed"
    license = "Apache-2.0"
    topics = ("optimizer", "rmsprop", "adam", "machine-learning", "simd")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        # all, or some with commas between: rules=rmsprop,adam
        "rules": ["all", "ANY"],
        # what reads and writes other frameworks' optimizers
        "dialects": [True, False],
    }
    default_options = {"shared": False, "fPIC": True, "rules": "all", "dialects": True}
    implements = ["auto_shared_fpic"]

    @property
    def _source(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        listed = load(self, os.path.join(self._source, "CMakeLists.txt"))
        self.version = re.search(r"project\(thalweg VERSION ([0-9.]+)", listed).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "cmake/*", "include/*", "packaging/debian/*", "src/*"):
            copy(self, pattern, self._source, self.export_sources_folder)

    def requirements(self):
        # Only libraries of a user's own rules include Highway's headers, through thalweg/own_rule.h.
        self.requires("highway/[>=1.0 <2]", transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(f"thalweg is for Linux, not for {self.settings.os}")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TORCH", "LAB", "DATA", "TESTS", "EXAMPLES"):
            toolchain.cache_variables[f"THALWEG_{part}"] = False
        if self.options.rules != "all":
            toolchain.cache_variables["THALWEG_RULES"] = str(self.options.rules).replace(",", ";")
        toolchain.cache_variables["THALWEG_DIALECTS"] = bool(self.options.dialects)
        toolchain.generate()
        # In the names of Highway's own CMake files, which thalweg's ask for.
        dependencies = CMakeDeps(self)
        dependencies.set_property("highway", "cmake_file_name", "hwy")
        dependencies.set_property("highway::hwy", "cmake_target_name", "hwy::hwy")
        dependencies.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        # Conan writes these for each consumer.
        for folder in ("cmake", "pkgconfig"):
            rmdir(self, os.path.join(self.package_folder, "lib", folder))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "thalweg")
        engine = self.cpp_info.components["engine"]
        engine.set_property("cmake_target_name", "thalweg::thalweg")
        engine.set_property("pkg_config_name", "thalweg")
        engine.libs = ["thalweg"]
        engine.system_libs = ["pthread"]
        if "highway" in self.dependencies.direct_host:
            engine.requires = ["highway::hwy"]
        else:  # the platform's
            engine.system_libs.append("hwy")
        # A rule of somebody's own has to be compiled with what thalweg's rules are compiled with (cmake/settings.cmake).
        own_rule = self.cpp_info.components["own_rule"]
        own_rule.set_property("cmake_target_name", "thalweg::own_rule")
        own_rule.cxxflags = ["-ffp-contract=off", "-fno-trapping-math"]
        own_rule.requires = ["engine"]
