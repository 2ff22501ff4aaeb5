#include "AnswerExport.h"

#include "parts/CsvCell.h"
#include "TextDiff.h"

#include <widgets/Format.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QLocale>
#include <QtCore/QSaveFile>

namespace lethe {
namespace {

struct ExportWords
{
    Q_DECLARE_TR_FUNCTIONS(lethe::AnswerExport)
};

QString exact(const std::optional<double> &value)
{
    return value ? QString::number(*value, 'g', QLocale::FloatingPointShortest) : QString();
}

QJsonValue jsonNumber(const std::optional<double> &value)
{
    return value ? QJsonValue(*value) : QJsonValue();
}

/// A cell of a Markdown table: one line, no bars that would end it.
QString markdownCell(QString text)
{
    return text.replace(QLatin1Char('|'), QLatin1String("\\|")).replace(QLatin1Char('\n'), QLatin1String("<br>")).trimmed();
}

QString scoreLine(const SampleRecord *sample)
{
    if (!sample)
        return QStringLiteral("–");
    return ExportWords::tr("p = %1, R-L %2").arg(format::probability(sample->probability), format::probability(sample->rougeRecall));
}

QString answerText(const SampleRecord *sample)
{
    return sample && sample->text ? QString::fromStdString(*sample->text) : QStringLiteral("–");
}

} // namespace

AnswerExport::AnswerExport(const AnswerBook &book, const QString &runName)
    : m_book(book), m_runName(runName)
{}

AnswerExport::Format AnswerExport::formatOf(const QString &path)
{
    if (path.endsWith(QLatin1String(".csv"), Qt::CaseInsensitive))
        return Format::Csv;
    if (path.endsWith(QLatin1String(".jsonl"), Qt::CaseInsensitive))
        return Format::JsonLines;
    if (path.endsWith(QLatin1String(".html"), Qt::CaseInsensitive) || path.endsWith(QLatin1String(".htm"), Qt::CaseInsensitive))
        return Format::Html;
    return Format::Markdown;
}

QString AnswerExport::filter()
{
    return ExportWords::tr("CSV, all evaluations (*.csv);;JSON Lines, all evaluations (*.jsonl);;Markdown, before and now (*.md);;"
                           "Web page, before and now (*.html)");
}

QString AnswerExport::text(Format format, std::size_t evaluation) const
{
    switch (format) {
    case Format::Csv: return csv();
    case Format::JsonLines: return jsonLines();
    case Format::Markdown: return markdown(evaluation);
    case Format::Html: return html(evaluation);
    }
    return {};
}

QString AnswerExport::csv() const
{
    QString out = QStringLiteral("step,set,row,prompt,reference,text,probability,rouge_recall,exact_match,hit_token_limit\r\n");
    for (std::size_t e = 0; e < m_book.evaluations(); ++e) {
        for (std::size_t p = 0; p < m_book.prompts().size(); ++p) {
            const SampleRecord *sample = m_book.answer(e, p);
            if (!sample)
                continue;
            const AnswerBook::Prompt &prompt = m_book.prompts()[p];
            out += QStringList{QString::number(m_book.step(e)), csvCell(QString::fromStdString(prompt.set)), QString::number(prompt.row),
                               csvCell(prompt.prompt), csvCell(prompt.reference), csvCell(answerText(sample)), exact(sample->probability),
                               exact(sample->rougeRecall), exact(sample->exactMatch),
                               sample->hitTokenLimit ? QStringLiteral("true") : QStringLiteral("false")}
                       .join(QLatin1Char(','))
                   + QLatin1String("\r\n");
        }
    }
    return out;
}

QString AnswerExport::jsonLines() const
{
    QString out;
    for (std::size_t e = 0; e < m_book.evaluations(); ++e) {
        for (std::size_t p = 0; p < m_book.prompts().size(); ++p) {
            const SampleRecord *sample = m_book.answer(e, p);
            if (!sample)
                continue;
            const AnswerBook::Prompt &prompt = m_book.prompts()[p];
            const QJsonObject line{{QStringLiteral("step"), static_cast<qint64>(m_book.step(e))},
                                   {QStringLiteral("set"), QString::fromStdString(prompt.set)},
                                   {QStringLiteral("row"), static_cast<qint64>(prompt.row)},
                                   {QStringLiteral("prompt"), prompt.prompt},
                                   {QStringLiteral("reference"), prompt.reference},
                                   {QStringLiteral("text"), answerText(sample)},
                                   {QStringLiteral("probability"), jsonNumber(sample->probability)},
                                   {QStringLiteral("rouge_recall"), jsonNumber(sample->rougeRecall)},
                                   {QStringLiteral("exact_match"), jsonNumber(sample->exactMatch)},
                                   {QStringLiteral("hit_token_limit"), sample->hitTokenLimit}};
            out += QString::fromUtf8(QJsonDocument(line).toJson(QJsonDocument::Compact)) + QLatin1Char('\n');
        }
    }
    return out;
}

QString AnswerExport::markdownRow(std::size_t prompt, std::size_t evaluation) const
{
    const AnswerBook::Prompt &asked = m_book.prompts().at(prompt);
    const auto baseline = m_book.baseline();
    const SampleRecord *before = baseline ? m_book.answer(*baseline, prompt) : nullptr;
    const SampleRecord *now = m_book.answer(evaluation, prompt);
    QString text = QStringLiteral("**%1 %2** %3\n\n").arg(QString::fromStdString(asked.set)).arg(asked.row + 1).arg(markdownCell(asked.prompt));
    text += ExportWords::tr("| | answer | scores |") + QLatin1String("\n|---|---|---|\n");
    text += ExportWords::tr("| reference | %1 | |").arg(markdownCell(asked.reference)) + QLatin1Char('\n');
    text += ExportWords::tr("| before | %1 | %2 |").arg(markdownCell(answerText(before)), scoreLine(before)) + QLatin1Char('\n');
    if (now && evaluation != baseline.value_or(m_book.evaluations()))
        text += ExportWords::tr("| step %1 | %2 | %3 |").arg(m_book.step(evaluation)).arg(markdownCell(answerText(now)), scoreLine(now)) + QLatin1Char('\n');
    return text;
}

QString AnswerExport::markdown(std::size_t evaluation) const
{
    QString out = QStringLiteral("# %1\n\n").arg(m_runName);
    for (std::size_t p = 0; p < m_book.prompts().size(); ++p)
        out += markdownRow(p, evaluation) + QLatin1Char('\n');
    return out;
}

QString AnswerExport::html(std::size_t evaluation) const
{
    const auto escaped = [](const QString &text) { return text.toHtmlEscaped().replace(QLatin1Char('\n'), QLatin1String("<br>")); };
    const auto baseline = m_book.baseline();
    QString out = QStringLiteral("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%1</title>\n<style>"
                                 "body{font:15px/1.5 sans-serif;color:#202124;margin:2em auto;max-width:75em;padding:0 1em}"
                                 "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #dadce0;padding:.6em;vertical-align:top;text-align:left}"
                                 "small{color:#5f6368}del{background:#fde3cf}ins{background:#d3e7f8}</style></head><body>\n<h1>%1</h1>\n")
                      .arg(escaped(m_runName));
    out += ExportWords::tr("<table><tr><th>Prompt</th><th>Reference</th><th>Before</th><th>Step %1</th></tr>").arg(evaluation < m_book.evaluations() ? m_book.step(evaluation) : 0) + QLatin1Char('\n');
    for (std::size_t p = 0; p < m_book.prompts().size(); ++p) {
        const AnswerBook::Prompt &asked = m_book.prompts()[p];
        const SampleRecord *before = baseline ? m_book.answer(*baseline, p) : nullptr;
        const SampleRecord *now = m_book.answer(evaluation, p);
        QString marked;
        const TextDiff diff(before ? answerText(before) : QString(), now ? answerText(now) : QString(), TextDiff::Unit::Word);
        for (const TextDiff::Piece &piece : diff.pieces()) {
            const QString text = escaped(piece.text);
            marked += piece.kind == TextDiff::Kind::Removed ? QStringLiteral("<del>%1</del> ").arg(text.trimmed())
                      : piece.kind == TextDiff::Kind::Added ? QStringLiteral("<ins>%1</ins> ").arg(text.trimmed())
                                                            : text;
        }
        out += QStringLiteral("<tr><td><small>%1 %2</small><br>%3</td><td>%4</td><td>%5<br><small>%6</small></td><td>%7<br><small>%8</small></td></tr>\n")
                   .arg(escaped(QString::fromStdString(asked.set))).arg(asked.row + 1)
                   .arg(escaped(asked.prompt), escaped(asked.reference), escaped(answerText(before)), escaped(scoreLine(before)),
                        now ? marked : QStringLiteral("–"), escaped(scoreLine(now)));
    }
    return out + QStringLiteral("</table>\n</body></html>\n");
}

Result<void> AnswerExport::write(const QString &path, std::size_t evaluation) const
{
    const QByteArray bytes = text(formatOf(path), evaluation).toUtf8();
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        return Error{.code = ErrorCode::Io, .what = "cannot write the answers: " + file.errorString().toStdString(),
                     .where = path.toStdString(), .hint = "choose another folder"};
    return {};
}

} // namespace lethe
