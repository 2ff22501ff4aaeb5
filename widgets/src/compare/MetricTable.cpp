#include "MetricTable.h"

#include "parts/CsvCell.h"
#include "ComparedRuns.h"

#include <lethe/base/LatexText.h>

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QLocale>

#include <algorithm>
#include <cmath>

namespace lethe {
namespace {

struct TableWords
{
    Q_DECLARE_TR_FUNCTIONS(lethe::MetricTable)
};

QString withoutArrow(QString name)
{
    return name.remove(QStringLiteral("↓")).remove(QStringLiteral("↑")).trimmed();
}

QString directionArrow(int direction)
{
    return direction < 0 ? QStringLiteral(" ↓") : direction > 0 ? QStringLiteral(" ↑") : QString();
}

QString forLatex(const QString &text)
{
    return QString::fromStdString(latexText(text.toStdString()));
}

/// Rows that a full evaluation looked at; what differs cannot be ranked.
QString rowsNote(const ComparedRun &run, const ComparedRun &baseline)
{
    const EvaluationRecord *own = run.last();
    const EvaluationRecord *other = baseline.last();
    if (own && other && own->subset != other->subset)
        return own->subset ? TableWords::tr("evaluated on some rows only") : TableWords::tr("the baseline was evaluated on some rows only");
    const auto differs = [](std::int64_t a, std::int64_t b) { return a > 0 && b > 0 && a != b; };
    if (differs(run.facts.forgetRows, baseline.facts.forgetRows))
        return TableWords::tr("%1 / %2 forget rows").arg(run.facts.forgetRows).arg(baseline.facts.forgetRows);
    if (differs(run.facts.retainRows, baseline.facts.retainRows))
        return TableWords::tr("%1 / %2 retain rows").arg(run.facts.retainRows).arg(baseline.facts.retainRows);
    return {};
}

const EvaluationRecord *withReference(const std::vector<ComparedRun> &runs)
{
    for (const ComparedRun &run : runs)
        if (const EvaluationRecord *last = run.last(); last && !last->reference.empty())
            return last;
    return nullptr;
}

bool isPercentMetric(const QString &id)
{
    return format::metric(id, 0.5).contains(QLatin1Char('%'));
}

} // namespace

MetricTable::MetricTable(const std::vector<ComparedRun> &runs, std::size_t baseline)
{
    if (runs.empty())
        return;
    baseline = std::min(baseline, runs.size() - 1);
    for (std::size_t i = 0; i < runs.size(); ++i)
        m_columns.push_back({.name = runs[i].name(), .isBaseline = i == baseline, .collapse = runs[i].collapse,
                             .notComparable = rowsNote(runs[i], runs[baseline])});
    const EvaluationRecord *reference = withReference(runs);
    if (reference)
        m_columns.push_back({.name = TableWords::tr("retrained"), .isBaseline = false, .collapse = {}, .notComparable = {}, .isReference = true});
    std::vector<std::string> ids;
    for (const ComparedRun &run : runs) {
        const EvaluationRecord *last = run.last();
        for (const MetricValue &metric : last ? last->metrics : run.row.finalMetrics) {
            if (std::ranges::find(ids, metric.id) == ids.end())
                ids.push_back(metric.id);
        }
    }
    for (const std::string &id : ids) {
        const QString name = QString::fromStdString(id);
        Row row{.id = name, .name = {}, .direction = format::metricDirection(name), .cells = {}};
        row.name = withoutArrow(format::metricName(name)) + directionArrow(row.direction);
        for (const ComparedRun &run : runs) {
            const EvaluationRecord *last = run.last();
            const std::vector<MetricValue> &metrics = last ? last->metrics : run.row.finalMetrics;
            const auto found = std::ranges::find(metrics, id, &MetricValue::id);
            Cell cell;
            if (found == metrics.end())
                cell.reason = metrics.empty() ? TableWords::tr("this run was not evaluated") : TableWords::tr("this run did not measure it");
            else if (!found->value || !std::isfinite(*found->value))
                cell.reason = found->reason.empty() ? TableWords::tr("undefined") : QString::fromStdString(found->reason);
            else
                cell.value = found->value;
            if (found != metrics.end() && cell.value)
                cell.variant = format::publishedForm(found->variant);
            row.cells.push_back(cell);
        }
        const QString form = row.cells[baseline].variant;
        const bool isShared = std::ranges::all_of(row.cells, [&form](const Cell &cell) { return !cell.value || cell.variant == form; });
        if (isShared && !form.isEmpty())
            row.name += QStringLiteral(" [%1]").arg(form);
        for (std::size_t i = 0; i < row.cells.size() && !isShared; ++i)
            if (row.cells[i].value && row.cells[i].variant != form && m_columns[i].notComparable.isEmpty())
                m_columns[i].notComparable = row.cells[i].variant.isEmpty() ? TableWords::tr("the definitions' forms") : TableWords::tr("forms of %1").arg(row.cells[i].variant);
        const std::optional<double> base = row.cells[baseline].value;
        for (std::size_t i = 0; i < row.cells.size(); ++i) {
            if (i != baseline && base && row.cells[i].value)
                row.cells[i].difference = *row.cells[i].value - *base;
        }
        if (reference) {
            const auto target = std::ranges::find(reference->reference, id, &MetricValue::id);
            Cell cell;
            if (target != reference->reference.end())
                cell.value = target->value;
            else
                cell.reason = TableWords::tr("not known of the retrained model");
            row.cells.push_back(cell);
        }
        m_rows.push_back(std::move(row));
    }
    for (Row &row : m_rows) // once it is known which columns can be compared
        rank(row);
}

void MetricTable::rank(Row &row) const
{
    if (row.direction == 0)
        return;
    std::optional<double> best;
    int ranked = 0;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
        const auto value = row.cells[i].value;
        if (!value || !m_columns[i].ranked())
            continue;
        ++ranked;
        if (!best || (row.direction < 0 ? *value < *best : *value > *best))
            best = value;
    }
    if (ranked < 2)
        return; // best of one says nothing
    for (std::size_t i = 0; i < row.cells.size(); ++i)
        row.cells[i].best = m_columns[i].ranked() && row.cells[i].value == best;
}

QString MetricTable::shown(const QString &id, const std::optional<double> &value)
{
    return value ? format::metric(id, value) : QStringLiteral("–");
}

QString MetricTable::shownDifference(const QString &id, double difference)
{
    const QString sign = difference < 0 ? QStringLiteral("−") : difference > 0 ? QStringLiteral("+") : QStringLiteral("±");
    if (isPercentMetric(id))
        return sign + QString::number(std::abs(difference) * 100, 'f', 0);
    const double size = std::abs(difference);
    if (id == QLatin1String("forget_quality")) // a p-value: three places would say that there is no difference
        return sign + format::metric(id, size);
    return sign + QString::number(size, 'f', size > 0 && size < 0.1 ? 3 : 2);
}

QString MetricTable::latex() const
{
    QString out = QStringLiteral("% needs \\usepackage{booktabs}\n\\begin{tabular}{l%1}\n\\toprule\n").arg(QString(static_cast<qsizetype>(m_columns.size()), QLatin1Char('r')));
    out += QStringLiteral("Metric");
    for (const Column &column : m_columns)
        out += QStringLiteral(" & ") + forLatex(column.name);
    out += QStringLiteral(" \\\\\n\\midrule\n");
    for (const Row &row : m_rows) {
        out += forLatex(row.name);
        for (const Cell &cell : row.cells) {
            const QString value = forLatex(shown(row.id, cell.value));
            out += QStringLiteral(" & ") + (cell.best ? QStringLiteral("\\textbf{%1}").arg(value) : value);
        }
        out += QStringLiteral(" \\\\\n");
    }
    if (needsUnicodeLatex(out.toStdString()))
        out.prepend(QStringLiteral("% needs XeLaTeX or LuaLaTeX, and a font with these letters\n"));
    return out + QStringLiteral("\\bottomrule\n\\end{tabular}\n");
}

QString MetricTable::markdown() const
{
    const auto cellText = [](QString text) { return text.replace(QLatin1Char('|'), QLatin1String("\\|")); };
    QString out = QStringLiteral("| metric |");
    QString rule = QStringLiteral("|---|");
    for (const Column &column : m_columns) {
        out += QStringLiteral(" %1 |").arg(cellText(column.name));
        rule += QStringLiteral("---:|");
    }
    out += QLatin1Char('\n') + rule + QLatin1Char('\n');
    for (const Row &row : m_rows) {
        out += QStringLiteral("| %1 |").arg(row.name);
        for (const Cell &cell : row.cells) {
            const QString value = shown(row.id, cell.value);
            out += QStringLiteral(" %1 |").arg(cell.best ? QStringLiteral("**%1**").arg(value) : value);
        }
        out += QLatin1Char('\n');
    }
    return out;
}

QString MetricTable::csv() const
{
    QString out = QStringLiteral("metric");
    for (const Column &column : m_columns)
        out += QLatin1Char(',') + csvCell(column.name);
    out += QLatin1String("\r\n");
    for (const Row &row : m_rows) {
        out += csvCell(row.id);
        for (const Cell &cell : row.cells)
            out += QLatin1Char(',') + (cell.value ? QString::number(*cell.value, 'g', QLocale::FloatingPointShortest) : QString());
        out += QLatin1String("\r\n");
    }
    return out;
}

} // namespace lethe
