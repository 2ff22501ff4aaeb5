#include "SpecEditor.h"

#include <widgets/Theme.h>

#include <QtCore/QEvent>
#include <QtCore/QRegularExpression>
#include <QtCore/QSignalBlocker>
#include <QtGui/QSyntaxHighlighter>
#include <QtGui/QTextBlock>
#include <QtWidgets/QScrollBar>

namespace lethe {

namespace {

/// Keys, texts and other values in the theme's tones.
class JsonHighlighter final : public QSyntaxHighlighter
{
public:
    using QSyntaxHighlighter::QSyntaxHighlighter;

protected:
    void highlightBlock(const QString &text) override
    {
        static const QRegularExpression kToken(QStringLiteral(R"(("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d[\d.eE+-]*)"));
        auto match = kToken.globalMatch(text);
        while (match.hasNext()) {
            const auto token = match.next();
            if (!token.captured(2).isEmpty())
                setFormat(static_cast<int>(token.capturedStart(1)), static_cast<int>(token.capturedLength(1)), Theme::accent());
            else if (!token.captured(1).isEmpty())
                setFormat(static_cast<int>(token.capturedStart(1)), static_cast<int>(token.capturedLength(1)), Theme::success());
            else
                setFormat(static_cast<int>(token.capturedStart()), static_cast<int>(token.capturedLength()), Theme::warning());
        }
    }
};

} // namespace

SpecEditor::SpecEditor(QWidget *parent) : QPlainTextEdit(parent)
{
    setObjectName(QStringLiteral("specJson"));
    setAccessibleName(tr("Spec as JSON"));
    setFont(Theme::monoFont());
    setLineWrapMode(NoWrap);
    setTabChangesFocus(true);
    m_highlighter = new JsonHighlighter(document());
    connect(this, &QPlainTextEdit::textChanged, this, [this] {
        if (!m_setting)
            Q_EMIT jsonEdited();
    });
}

void SpecEditor::changeEvent(QEvent *event)
{
    QPlainTextEdit::changeEvent(event);
    if (m_highlighter && event->type() == QEvent::PaletteChange) { // the tones are another theme's now
        const QSignalBlocker quiet(this);
        m_highlighter->rehighlight();
    }
}

void SpecEditor::setJson(const QString &text)
{
    if (text == toPlainText())
        return;
    m_setting = true;
    const int position = textCursor().position();
    const int scrolled = verticalScrollBar()->value();
    setPlainText(text);
    QTextCursor cursor = textCursor();
    cursor.setPosition(std::min(position, static_cast<int>(text.size())));
    setTextCursor(cursor);
    verticalScrollBar()->setValue(scrolled);
    m_setting = false;
}

void SpecEditor::markLine(int line)
{
    m_marked = line;
    QList<QTextEdit::ExtraSelection> marks;
    if (line > 0 && line <= document()->blockCount()) {
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(document()->findBlockByNumber(line - 1));
        QColor tint = Theme::error();
        tint.setAlphaF(0.16f);
        mark.format.setBackground(tint);
        mark.format.setProperty(QTextFormat::FullWidthSelection, true);
        marks.append(mark);
    }
    setExtraSelections(marks);
}

} // namespace lethe
