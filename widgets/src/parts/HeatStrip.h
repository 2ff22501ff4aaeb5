#pragma once

#include <lethe/run/Records.h>

#include <QtWidgets/QWidget>

#include <vector>

namespace lethe {

/// A text token by token: the likelier a token is to the model, the stronger its tint and the longer the bar below it. Broken into
/// lines as wide as it is; arrow keys and the pointer go from token to token.
class HeatStrip : public QWidget
{
    Q_OBJECT

public:
    explicit HeatStrip(QWidget *parent = nullptr);

    void show(const std::vector<TokenScore> &tokens, const QString &name);
    std::size_t tokens() const { return m_tokens.size(); }
    /// Of the token pointed at: *“ Veska”, p = 0.021, log p = −3.86*.
    QString pointedText() const;

    QSize sizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

Q_SIGNALS:
    void pointed(const QString &text);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    bool event(QEvent *event) override;

private:
    struct Token {
        QString text;
        double logProbability = 0;
        QRect place;
    };
    int layOut(int width, std::vector<Token> &tokens) const;
    int tokenAt(const QPoint &at) const;
    void point(int token);
    QString textOf(const Token &token) const;

    std::vector<Token> m_tokens;
    int m_pointed = -1;
};

} // namespace lethe
