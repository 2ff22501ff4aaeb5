#pragma once

#include <QtWidgets/QFrame>

namespace lethe {

/// A rounded surface one step off the window's own colour. What panels, bars and lists lie on.
class Card : public QFrame
{
    Q_OBJECT

public:
    enum class Tone { Plain, Success, Warning, Error, Hatched };

    explicit Card(QWidget *parent = nullptr);
    void setTone(Tone tone);
    Tone tone() const { return m_tone; }

protected:
    void paintEvent(QPaintEvent *event) override;
    /// Drawn with the accent's edge; a child that has the focus says so.
    virtual bool showsFocus() const { return false; }

private:
    Tone m_tone = Tone::Plain;
};

} // namespace lethe
