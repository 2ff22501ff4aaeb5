#include "EmptyState.h"

#include "ActionButton.h"
#include "IconLabel.h"

#include <widgets/Theme.h>

#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

/// A wrapped sentence of a width of its own: layouts ask a label that wraps how high it is at their width, not at its own.
class Sentence final : public QLabel
{
public:
    using QLabel::QLabel;
    bool hasHeightForWidth() const override { return false; }
    QSize sizeHint() const override
    {
        const int width = fontMetrics().averageCharWidth() * 64;
        return {width, heightForWidth(width)};
    }
    QSize minimumSizeHint() const override { return sizeHint(); }
};

} // namespace

EmptyState::EmptyState(const QString &icon, const QString &heading, const QString &sentence, QWidget *parent)
    : QWidget(parent), m_buttons(new QHBoxLayout)
{
    auto *all = new QVBoxLayout(this);
    all->setSpacing(Theme::space(3));
    auto *sign = new IconLabel(Theme::icon(icon, Theme::muted), 12, this);
    auto *title = new QLabel(heading, this);
    title->setAlignment(Qt::AlignCenter);
    Theme::setRole(title, TextRole::Title);
    auto *words = new Sentence(sentence, this);
    words->setAlignment(Qt::AlignCenter);
    words->setWordWrap(true);
    words->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    Theme::setRole(words, TextRole::Muted);
    m_buttons->setSpacing(Theme::space(2));
    m_buttons->addStretch();
    m_buttons->addStretch();
    all->addStretch(2);
    all->addWidget(sign, 0, Qt::AlignHCenter);
    all->addWidget(title);
    all->addWidget(words, 0, Qt::AlignHCenter);
    all->addLayout(m_buttons);
    all->addStretch(3);
}

void EmptyState::addAction(QAction *action, bool primary)
{
    addButton(new ActionButton(action, primary, this));
}

void EmptyState::addButton(QPushButton *button)
{
    m_buttons->insertWidget(m_buttons->count() - 1, button);
}

} // namespace lethe
