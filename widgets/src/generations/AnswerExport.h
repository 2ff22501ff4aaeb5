#pragma once

#include "AnswerBook.h"

#include <lethe/base/Result.h>

namespace lethe {

/// A run's answers as a file. CSV and JSON Lines hold every evaluation; Markdown and HTML compare before with one of them.
class AnswerExport
{
public:
    enum class Format { Csv, JsonLines, Markdown, Html };

    AnswerExport(const AnswerBook &book, const QString &runName);

    QString text(Format format, std::size_t evaluation) const;
    /// One prompt as a Markdown table: reference, before, now.
    QString markdownRow(std::size_t prompt, std::size_t evaluation) const;
    /// The format follows the ending; Markdown where there is none that we know. Io.
    Result<void> write(const QString &path, std::size_t evaluation) const;
    static Format formatOf(const QString &path);
    static QString filter(); ///< for file dialogs

private:
    QString csv() const;
    QString jsonLines() const;
    QString markdown(std::size_t evaluation) const;
    QString html(std::size_t evaluation) const;

    const AnswerBook &m_book;
    QString m_runName;
};

} // namespace lethe
