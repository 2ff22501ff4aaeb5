#pragma once

#include <QtWidgets/QPushButton>

class QLabel;

namespace lethe {

/// A large way to begin: icon, what it does, one line more.
class ActionCard final : public QPushButton
{
    Q_OBJECT

public:
    ActionCard(const QString &icon, const QString &title, const QString &words, QWidget *parent = nullptr);
    void setWords(const QString &words);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }
    bool hasHeightForWidth() const override { return false; }

private:
    QLabel *m_words;
};

} // namespace lethe
