#pragma once

#include <QtCore/QStringList>
#include <QtWidgets/QWidget>

class QLineEdit;

namespace lethe {

class WrapLayout;

/// A list of words as chips: Return or a comma adds what is typed, × or Backspace takes one away.
class TokenEdit final : public QWidget
{
    Q_OBJECT

public:
    explicit TokenEdit(QWidget *parent = nullptr);

    QStringList tokens() const;
    void setTokens(const QStringList &tokens);
    void setPlaceholder(const QString &text);
    void setSuggestions(const QStringList &words);

Q_SIGNALS:
    void edited();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void take();
    void showTokens();

    QStringList m_tokens;
    WrapLayout *m_flow;
    QLineEdit *m_line;
    QList<QWidget *> m_chips;
};

} // namespace lethe
