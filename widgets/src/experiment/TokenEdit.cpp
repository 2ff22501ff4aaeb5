#include "TokenEdit.h"

#include "../parts/WrapLayout.h"

#include <widgets/Theme.h>

#include <QtCore/QEvent>
#include <QtCore/QRegularExpression>
#include <QtGui/QKeyEvent>
#include <QtWidgets/QCompleter>
#include <QtWidgets/QLineEdit>
#include <QtWidgets/QPushButton>

namespace lethe {

TokenEdit::TokenEdit(QWidget *parent) : QWidget(parent), m_flow(new WrapLayout(this, Theme::space(1))), m_line(new QLineEdit(this))
{
    m_line->setMinimumWidth(fontMetrics().averageCharWidth() * 16);
    m_flow->addWidget(m_line);
    m_line->installEventFilter(this);
    setFocusProxy(m_line);
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(m_line, &QLineEdit::returnPressed, this, &TokenEdit::take);
    connect(m_line, &QLineEdit::textEdited, this, [this](const QString &text) {
        if (text.endsWith(u',') || text.endsWith(u' '))
            take();
        else
            Q_EMIT edited();
    });
}

QStringList TokenEdit::tokens() const
{
    QStringList all = m_tokens;
    // What is half typed counts: it would be lost when the window closes.
    if (const QString typed = m_line->text().trimmed(); !typed.isEmpty())
        all.append(typed);
    return all;
}

void TokenEdit::setTokens(const QStringList &tokens)
{
    if (tokens == this->tokens())
        return;
    m_line->clear();
    m_tokens = tokens;
    showTokens();
}

void TokenEdit::setPlaceholder(const QString &text)
{
    m_line->setPlaceholderText(text);
}

void TokenEdit::setSuggestions(const QStringList &words)
{
    auto *completer = new QCompleter(words, m_line);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    m_line->setCompleter(completer);
}

void TokenEdit::take()
{
    const QStringList typed = m_line->text().split(QRegularExpression(QStringLiteral("[,\\s]+")), Qt::SkipEmptyParts);
    m_line->clear();
    m_tokens += typed;
    showTokens();
    Q_EMIT edited();
}

void TokenEdit::showTokens()
{
    for (QWidget *chip : std::as_const(m_chips)) {
        m_flow->removeWidget(chip);
        chip->hide();
        chip->deleteLater();
    }
    m_chips.clear();
    for (qsizetype at = 0; at < m_tokens.size(); ++at) {
        auto *chip = new QPushButton(this);
        chip->setText(m_tokens.at(at) + QStringLiteral("  ×"));
        chip->setAccessibleName(tr("Remove %1").arg(m_tokens.at(at)));
        chip->setToolTip(tr("Click to remove"));
        m_flow->insertWidget(static_cast<int>(at), chip);
        chip->show();
        m_chips.append(chip);
        connect(chip, &QPushButton::clicked, this, [this, at] {
            m_tokens.removeAt(at);
            showTokens();
            m_line->setFocus();
            Q_EMIT edited();
        });
    }
    updateGeometry();
}

bool TokenEdit::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::KeyPress && static_cast<QKeyEvent *>(event)->key() == Qt::Key_Backspace && m_line->text().isEmpty()
        && !m_tokens.isEmpty()) {
        m_tokens.removeLast();
        showTokens();
        Q_EMIT edited();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace lethe
