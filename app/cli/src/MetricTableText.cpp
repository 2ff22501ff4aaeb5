#include "MetricTableText.h"

#include <lethe/eval/Metrics.h>

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
    return value.is_number() ? value.dump() : std::string();
}

/// Every metric; of forget quality also the distance, since p alone says little.
std::vector<std::string> allColumns(const Json &compared)
{
    std::vector<std::string> columns;
    for (const auto &[id, values] : compared.at("metrics").items()) {
        columns.push_back(id);
        for (const auto &[run, value] : values.items())
            if (value.is_object() && value.contains("d")) {
                columns.push_back(id + ".d");
                break;
            }
    }
    return columns;
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

std::string latexCell(const std::string &text)
{
    std::string escaped;
    for (const char c : text) {
        if (c == '\\')
            escaped += "\\textbackslash{}";
        else if (c == '~' || c == '^')
            escaped += std::string("\\") + c + "{}";
        else if (std::string_view("&%$#_{}").find(c) != std::string_view::npos)
            escaped += std::string("\\") + c;
        else
            escaped += c == '\n' ? ' ' : c;
    }
    return escaped;
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
        text += joinedCells(lines[i], " & ", [](const std::string &cell) { return cell.empty() ? std::string("--") : latexCell(cell); }) + " \\\\\n"
            + (i == 0 ? "\\hline\n" : "");
    return text + "\\hline\n\\end{tabular}\n";
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

/// Which way is better belongs to the heading; CSV is for programs, and keeps the bare id.
std::string heading(const std::string &id, const std::string &format)
{
    const MetricInfo *info = findMetric(id);
    if (format == "csv" || info == nullptr || info->direction() == 0)
        return id;
    if (format == "latex")
        return id + (info->direction() > 0 ? " (up)" : " (down)");
    return id + (info->direction() > 0 ? " ↑" : " ↓");
}

} // namespace

std::string metricTable(const Json &compared, const std::string &format, std::vector<std::string> columns)
{
    if (columns.empty())
        columns = allColumns(compared);
    std::vector<Line> lines{{"run", "name", "method"}};
    for (const std::string &column : columns)
        lines.front().push_back(heading(column, format));
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
