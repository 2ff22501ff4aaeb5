#include "RowEditor.h"

#include "../parts/Panel.h"
#include "../parts/Text.h"

#include <widgets/Theme.h>

#include <QtWidgets/QBoxLayout>
#include <QtWidgets/QDialogButtonBox>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPlainTextEdit>
#include <QtWidgets/QPushButton>

namespace lethe {

RowEditor::RowEditor(const QString &title, const DataRow &row, QWidget *parent)
    : QDialog(parent), m_row(row), m_prompt(new QPlainTextEdit(this)), m_answer(new QPlainTextEdit(this)), m_alternate(new QPlainTextEdit(this))
{
    setObjectName(QStringLiteral("rowEditor"));
    setWindowTitle(title);
    setAttribute(Qt::WA_DeleteOnClose);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(Theme::space(4), Theme::space(4), Theme::space(4), Theme::space(4));
    layout->setSpacing(Theme::space(2));
    const auto add = [this, layout](const QString &name, const QString &objectName, QPlainTextEdit *edit, const std::string &text, int stretch) {
        auto *label = new QLabel(name, this);
        label->setBuddy(edit);
        edit->setObjectName(objectName);
        edit->setPlainText(toQt(std::string_view(text)));
        edit->setTabChangesFocus(true);
        layout->addWidget(label);
        layout->addWidget(edit, stretch);
        return label;
    };
    QLabel *promptLabel = add(tr("&Prompt"), QStringLiteral("rowPrompt"), m_prompt, row.prompt, 2);
    promptLabel->setVisible(!row.isDocument);
    m_prompt->setVisible(!row.isDocument);
    add(row.isDocument ? tr("&Document") : tr("&Answer"), QStringLiteral("rowAnswer"), m_answer, row.answer, 3);
    QLabel *alternateLabel = add(tr("&Replacement answer"), QStringLiteral("rowAlternate"), m_alternate, row.alternate, 1);
    alternateLabel->setVisible(!row.alternate.empty());
    m_alternate->setVisible(!row.alternate.empty());

    auto *buttons = new QDialogButtonBox(this);
    QPushButton *apply = buttons->addButton(tr("Change row"), QDialogButtonBox::AcceptRole);
    apply->setProperty("primary", true);
    apply->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return));
    apply->setToolTip(tr("Ctrl+Return"));
    buttons->addButton(QDialogButtonBox::Cancel);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    resize(fontMetrics().averageCharWidth() * 80, fontMetrics().height() * 24);
    (row.isDocument ? m_answer : m_prompt)->setFocus();
}

DataRow RowEditor::row() const
{
    // What was not touched stays byte for byte: a text edit knows one kind of line end alone.
    const auto taken = [](const QPlainTextEdit *edit, const std::string &before) {
        return edit->document()->isModified() ? toStd(edit->toPlainText()) : before;
    };
    DataRow changed = m_row;
    changed.prompt = taken(m_prompt, m_row.prompt);
    changed.answer = taken(m_answer, m_row.answer);
    changed.alternate = taken(m_alternate, m_row.alternate);
    return changed;
}

} // namespace lethe
