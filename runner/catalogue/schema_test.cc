// The published JSON Schema and the loader must agree; an independent validator is asked.
#include "reports/support/resources.h"
#include "runner/catalogue/lint.h"
#include "runner/catalogue/testing/broken_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

namespace touchstone {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kValidator = R"(
import json, sys
try:
    import jsonschema
except ImportError:
    sys.exit(77)
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
with open(sys.argv[2], "w") as out:
    for path in sys.argv[3:]:
        try:
            good = validator.is_valid(json.load(open(path)))
        except ValueError:
            good = False
        out.write("%s %s\n" % ("accepts" if good else "refuses", path.rsplit("/", 1)[1]))
)";

class Schema : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    write("validate.py", kValidator);
    write("case.schema.json", resource("cases/case.schema.json"));
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(std::string_view name, std::string_view text) const { std::ofstream(folder_ / name) << text; }

  // What the validator says of each file, by name; nothing when it is not installed.
  std::map<std::string, std::string> verdicts(const std::vector<std::string>& names) const {
    std::string command =
        fmt::format("python3 '{0}/validate.py' '{0}/case.schema.json' '{0}/verdicts'", folder_.string());
    for (const auto& name : names) command += fmt::format(" '{}/{}'", folder_.string(), name);
    std::map<std::string, std::string> result;
    if (std::system(command.c_str()) != 0) return result;
    std::ifstream in(folder_ / "verdicts");
    for (std::string verdict, name; in >> verdict >> name;) result[name] = verdict;
    return result;
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) / fmt::format("touchstone-schema-{}", std::random_device{}());
};

TEST_F(Schema, AcceptsTheCatalogue) {
  std::vector<std::string> names;
  for (const SourceFile& file : built_in_files()) {
    if (!is_suite(file.name)) continue;
    names.emplace_back(file.name.substr(file.name.rfind('/') + 1));
    write(names.back(), file.text);
  }
  names.emplace_back("written.json");
  write("written.json", to_json(Catalogue::built_in().cases()[100]));
  const auto all = verdicts(names);
  if (all.empty()) GTEST_SKIP() << "python3-jsonschema is not installed";
  for (const auto& name : names) EXPECT_EQ(all.at(name), "accepts") << name;
}

TEST_F(Schema, RefusesWhatTheLoaderRefusesByShape) {
  std::vector<std::string> names;
  for (const auto& broken : testing::broken_files()) {
    names.push_back(fmt::format("{}.json", broken.what));
    write(names.back(), broken.text);
  }
  names.emplace_back("good.json");
  write("good.json", testing::one_group(""));
  const auto all = verdicts(names);
  if (all.empty()) GTEST_SKIP() << "python3-jsonschema is not installed";
  EXPECT_EQ(all.at("good.json"), "accepts");
  for (const auto& broken : testing::broken_files()) {
    if (broken.by_schema) {
      EXPECT_EQ(all.at(fmt::format("{}.json", broken.what)), "refuses") << broken.what;
    }
  }
}

}  // namespace
}  // namespace touchstone
