#include "Tones.h"

namespace lethe {

namespace {

const Tones *s_current = nullptr;

} // namespace

const Tones &Tones::light()
{
    static const Tones tones{
        .dark = false,
        .window = QColor(0xf6, 0xf7, 0xf9), .rail = QColor(0xee, 0xf0, 0xf4), .surface = QColor(0xff, 0xff, 0xff),
        .field = QColor(0xff, 0xff, 0xff),
        .border = QColor(0xdf, 0xe3, 0xe9), .outline = QColor(0x82, 0x8a, 0x98),
        .text = QColor(0x1a, 0x1e, 0x27), .muted = QColor(0x58, 0x61, 0x70), .disabled = QColor(0x9a, 0xa2, 0xaf),
        .accent = QColor(0x46, 0x4c, 0xcf), .onAccent = QColor(0xff, 0xff, 0xff), .accentHover = QColor(0x39, 0x3e, 0xb4),
        .accentTint = QColor(0xe9, 0xea, 0xfb), .hover = QColor(0xe9, 0xec, 0xf1), .selection = QColor(0xd9, 0xdb, 0xf8),
        .success = QColor(0x13, 0x73, 0x4b), .warning = QColor(0x8f, 0x55, 0x00), .error = QColor(0xb9, 0x2b, 0x27),
        .successTint = QColor(0xe6, 0xf5, 0xed), .warningTint = QColor(0xfd, 0xf2, 0xdd), .errorTint = QColor(0xfd, 0xea, 0xe8),
        .infoTint = QColor(0xe9, 0xf0, 0xfb),
        .removed = QColor(0xfb, 0xdf, 0xc8), .added = QColor(0xcf, 0xe5, 0xf8), .grid = QColor(0xe6, 0xe9, 0xee),
    };
    return tones;
}

const Tones &Tones::night()
{
    static const Tones tones{
        .dark = true,
        .window = QColor(0x15, 0x17, 0x1c), .rail = QColor(0x11, 0x13, 0x17), .surface = QColor(0x1d, 0x20, 0x26),
        .field = QColor(0x18, 0x1b, 0x20),
        .border = QColor(0x2e, 0x33, 0x3c), .outline = QColor(0x6f, 0x78, 0x86),
        .text = QColor(0xe6, 0xe9, 0xee), .muted = QColor(0x9f, 0xa8, 0xb6), .disabled = QColor(0x62, 0x6a, 0x77),
        .accent = QColor(0x9a, 0xa2, 0xff), .onAccent = QColor(0x12, 0x14, 0x2e), .accentHover = QColor(0xb3, 0xb9, 0xff),
        .accentTint = QColor(0x29, 0x2c, 0x48), .hover = QColor(0x26, 0x2a, 0x32), .selection = QColor(0x35, 0x39, 0x66),
        .success = QColor(0x5f, 0xcf, 0x9a), .warning = QColor(0xe8, 0xb2, 0x5c), .error = QColor(0xff, 0x8d, 0x85),
        .successTint = QColor(0x17, 0x2c, 0x23), .warningTint = QColor(0x31, 0x28, 0x16), .errorTint = QColor(0x38, 0x1f, 0x1f),
        .infoTint = QColor(0x1d, 0x28, 0x3a),
        .removed = QColor(0x5a, 0x36, 0x17), .added = QColor(0x1b, 0x40, 0x62), .grid = QColor(0x2b, 0x2f, 0x37),
    };
    return tones;
}

const Tones &Tones::current()
{
    return s_current != nullptr ? *s_current : light();
}

void Tones::use(const Tones &tones)
{
    s_current = &tones;
}

QPalette Tones::palette() const
{
    QPalette palette;
    const auto set = [&palette](QPalette::ColorRole role, const QColor &usual, const QColor &off) {
        palette.setColor(QPalette::Active, role, usual);
        palette.setColor(QPalette::Inactive, role, usual);
        palette.setColor(QPalette::Disabled, role, off);
    };
    set(QPalette::Window, window, window);
    set(QPalette::WindowText, text, disabled);
    set(QPalette::Base, field, window);
    set(QPalette::AlternateBase, dark ? QColor(0x1b, 0x1e, 0x24) : QColor(0xfa, 0xfb, 0xfc), window);
    set(QPalette::Text, text, disabled);
    set(QPalette::PlaceholderText, muted, disabled);
    set(QPalette::Button, surface, window);
    set(QPalette::ButtonText, text, disabled);
    set(QPalette::BrightText, error, disabled);
    set(QPalette::ToolTipBase, dark ? QColor(0x2a, 0x2e, 0x37) : QColor(0x24, 0x29, 0x33), window);
    set(QPalette::ToolTipText, QColor(0xf2, 0xf4, 0xf7), disabled);
    set(QPalette::Highlight, selection, hover);
    set(QPalette::HighlightedText, text, disabled);
    set(QPalette::Link, accent, disabled);
    set(QPalette::LinkVisited, accent, disabled);
    set(QPalette::Light, dark ? border : QColor(Qt::white), border);
    set(QPalette::Midlight, border, border);
    set(QPalette::Mid, outline, border);
    set(QPalette::Dark, dark ? QColor(0x0d, 0x0f, 0x12) : outline, border);
    set(QPalette::Shadow, dark ? QColor(Qt::black) : QColor(0x60, 0x68, 0x76), border);
    return palette;
}

} // namespace lethe
