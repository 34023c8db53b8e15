#include "runner/cli/cli.h"

int main(int argc, char** argv) { return touchstone::cli::run(argc, argv); }
