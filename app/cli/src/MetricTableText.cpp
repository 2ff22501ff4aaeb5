#include "MetricTableText.h"

#include <lethe/base/LatexText.h>
#include <lethe/eval/Metrics.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace lethe::cli {

namespace {

using Line = std::vector<std::string>;

/// What a column shows: a metric (its value, or the one inside an object with parts), a part of one (`forget_quality.d`), or a
/// number of the run itself (`seconds`).
std::string valueText(const Json &compared, const Json &run, const std::string &column)
{
    const auto dot = column.find('.');
    const Json &metrics = compared.at("metrics");
    const auto metric = metrics.find(column.substr(0, dot));
    Json value = metric != metrics.end() ? metric->at(std::to_string(run.at("run_id").get<std::int64_t>())) : run.value(column, Json(nullptr));
    if (value.is_object())
        value = value.value(dot == std::string::npos ? "value" : column.substr(dot + 1), Json(nullptr));
    else if (dot != std::string::npos)
        value = nullptr;
    return value.is_number() ? value.dump() : value.is_string() ? value.get<std::string>() : std::string();
}

std::string csvCell(const std::string &text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos)
        return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

std::string markdownCell(const std::string &text)
{
    std::string escaped;
    for (const char c : text)
        escaped += c == '|' ? "\\|" : std::string(1, c == '\n' ? ' ' : c);
    return escaped;
}

template<typename Cell>
std::string joinedCells(const Line &line, std::string_view between, Cell cell)
{
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
        text += (i > 0 ? std::string(between) : std::string()) + cell(line[i]);
    return text;
}

std::string latexTable(const std::vector<Line> &lines)
{
    std::string text = "\\begin{tabular}{rll" + std::string(lines.front().size() - 3, 'r') + "}\n\\hline\n";
    for (std::size_t i = 0; i < lines.size(); ++i)
        text += joinedCells(lines[i], " & ", [](const std::string &cell) { return cell.empty() ? std::string("--") : latexText(cell); }) + " \\\\\n"
            + (i == 0 ? "\\hline\n" : "");
    return (needsUnicodeLatex(text) ? "% needs XeLaTeX or LuaLaTeX, and a font with these letters\n" : "") + text + "\\hline\n\\end{tabular}\n";
}

std::string markdownTable(const std::vector<Line> &lines)
{
    std::string text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        text += "| " + joinedCells(lines[i], " | ", [](const std::string &cell) { return cell.empty() ? std::string("–") : markdownCell(cell); }) + " |\n";
        if (i == 0) {
            text += "| ---: | --- | --- |";
            for (std::size_t column = 3; column < lines[i].size(); ++column)
                text += " ---: |";
            text += "\n";
        }
    }
    return text;
}

/// The forms that a metric's values are of, each once: ` [open-unlearning]`. Nothing where all are the definition's.
std::string variantsOf(const Json &compared, const std::string &column)
{
    const auto metric = compared.at("metrics").find(column.substr(0, column.find('.')));
    std::vector<std::string> variants;
    bool named = false;
    if (metric != compared.at("metrics").end())
        for (const auto &[run, value] : metric->items()) {
            if (value.is_null())
                continue;
            const std::string variant = value.is_object() ? value.value("variant", std::string("strict")) : "strict";
            named = named || (variant != "strict" && variant != "geometric" && variant != "reference"); // the definition's own forms
            if (std::ranges::find(variants, variant) == variants.end())
                variants.push_back(variant);
        }
    std::string text;
    for (const std::string &variant : variants)
        text += (text.empty() ? "" : " / ") + variant;
    return named || variants.size() > 1 ? " [" + text + "]" : std::string();
}

/// Every metric; of forget quality also the distance, since p alone says little; where headings stay bare, whose form it is.
std::vector<std::string> allColumns(const Json &compared, bool bareHeadings)
{
    std::vector<std::string> columns;
    for (const auto &[id, values] : compared.at("metrics").items()) {
        columns.push_back(id);
        for (const auto &[run, value] : values.items())
            if (value.is_object() && value.contains("d")) {
                columns.push_back(id + ".d");
                break;
            }
        if (bareHeadings && !variantsOf(compared, id).empty())
            columns.push_back(id + ".variant");
    }
    return columns;
}

/// Which way is better belongs to the heading, and whose form the values are of; CSV is for programs, and keeps the bare id.
std::string heading(const Json &compared, const std::string &id, const std::string &format)
{
    if (format == "csv")
        return id;
    const MetricInfo *info = findMetric(id);
    const int direction = info != nullptr ? info->direction() : 0;
    const bool latex = format == "latex";
    const char *arrow = direction > 0 ? (latex ? " (up)" : " ↑") : direction < 0 ? (latex ? " (down)" : " ↓") : "";
    return id + arrow + variantsOf(compared, id);
}

} // namespace

std::string metricTable(const Json &compared, const std::string &format, std::vector<std::string> columns)
{
    if (columns.empty())
        columns = allColumns(compared, format == "csv");
    std::vector<Line> lines{{"run", "name", "method"}};
    for (const std::string &column : columns)
        lines.front().push_back(heading(compared, column, format));
    for (const Json &run : compared.at("runs")) {
        const std::string id = std::to_string(run.at("run_id").get<std::int64_t>());
        Line line{id, run.at("name").get<std::string>(), run.at("method").get<std::string>()};
        for (const std::string &column : columns)
            line.push_back(valueText(compared, run, column));
        lines.push_back(std::move(line));
    }
    if (format == "latex")
        return latexTable(lines);
    if (format == "markdown")
        return markdownTable(lines);
    std::string text;
    for (const Line &line : lines)
        text += joinedCells(line, ",", csvCell) + "\n";
    return text;
}

} // namespace lethe::cli
