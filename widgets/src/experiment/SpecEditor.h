#pragma once

#include <QtWidgets/QPlainTextEdit>

class QSyntaxHighlighter;

namespace lethe {

/// The spec's JSON as text, with the line of the first problem marked.
class SpecEditor final : public QPlainTextEdit
{
    Q_OBJECT

public:
    explicit SpecEditor(QWidget *parent = nullptr);

    /// Takes the text over, unless it is the same; the cursor stays where it was.
    void setJson(const QString &text);
    /// 1-based; 0: none.
    void markLine(int line);
    int markedLine() const { return m_marked; }

Q_SIGNALS:
    void jsonEdited();

protected:
    void changeEvent(QEvent *event) override;

private:
    QSyntaxHighlighter *m_highlighter = nullptr;
    bool m_setting = false;
    int m_marked = 0;
};

} // namespace lethe
