#pragma once

#include <lethe/base/Result.h>

#include <nlohmann/json.hpp>

#include <string>

namespace lethe::cli {

using Json = nlohmann::ordered_json;

/// The command's one document on standard output: indented on a terminal, else on one line. \return the exit code
int printDocument(const Json &document);
/// A text that is no JSON, as it is: for what the user asked to have in another form.
int printText(const std::string &text);
/// One document of several, on a line of its own.
int printLine(const Json &document);

/// `lethe-cli: where: what. hint` on standard error. \return the exit code: 130 for Cancelled, else \p exitCode
int printError(const Error &error, int exitCode = 1);
/// A remark on standard error.
void printRemark(const std::string &text);

/// Reads a JSON file that must be whole. Corrupt with `file:line`.
Result<Json> readJsonFile(const std::string &file);

} // namespace lethe::cli
