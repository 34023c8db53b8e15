// left_over.h - files of an earlier run that stay in a folder which is used again.
#pragma once
#include <cstddef>
#include <filesystem>

namespace touchstone {

// Removes the files of single cases (*_case_*.json) that an earlier run wrote and that index.json does not name. Who
// calls this holds the folder's lock, so that no other run has written them just now. What anybody else wrote stays,
// and symbolic links do. The outcome is how many were removed; what can not be removed stays.
std::size_t remove_left_over_cases(const std::filesystem::path& folder);

}  // namespace touchstone
