#include "Tones.h"

#include <QtCore/QHash>
#include <QtCore/QRegularExpression>

#include <cmath>

namespace lethe {

namespace {

/// `@name` stands for a colour of the theme, `@3u` for three steps of the rhythm, `@1.5pt` for that many times the text's size.
const char *const kSheet = R"(
QWidget { color: @text; }
QMainWindow, QDialog, QWizard { background: @window; }
QToolTip { background: @tip; color: #f2f4f7; border: 1px solid @outline; padding: @1u; }

QLabel { background: transparent; }
QLabel[role="display"] { font-size: @2pt; font-weight: 600; }
QLabel[role="title"] { font-size: @1.45pt; font-weight: 600; }
QLabel[role="heading"] { font-size: @1.05pt; font-weight: 600; }
QLabel[role="muted"] { color: @muted; }
QLabel[role="caption"] { color: @muted; font-size: @0.9pt; }
QLabel[role="success"] { color: @success; }
QLabel[role="warning"] { color: @warning; }
QLabel[role="error"] { color: @error; }
QLabel[pill="true"] { background: @hover; border-radius: @2u; padding: 1px @2u; color: @muted; font-size: @0.9pt; }

*[card="true"] { background: @surface; border: 1px solid @border; border-radius: @2u; }
*[card="true"][dropping="true"] { background: @accentTint; border: 2px dashed @accent; }

QPushButton { background: @surface; border: 1px solid @outline; border-radius: @r; padding: @1u @3u; min-height: @4u; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @accentTint; }
QPushButton:checked { background: @selection; border-color: @accent; }
QPushButton:focus { border: 2px solid @accent; padding: @1f @3f; }
QPushButton:disabled { color: @disabled; border-color: @border; background: @window; }
QPushButton[primary="true"], QPushButton:default[primary="true"] { background: @accent; border-color: @accent; color: @onAccent; font-weight: 600; }
QPushButton[primary="true"]:hover { background: @accentHover; border-color: @accentHover; }
QPushButton[primary="true"]:focus { border: 2px solid @text; }
QPushButton[primary="true"]:disabled { background: @border; border-color: @border; color: @muted; font-weight: 600; }
QPushButton[danger="true"] { color: @error; border-color: @error; }
QPushButton[flat="true"] { background: transparent; border-color: transparent; }
QPushButton[flat="true"]:hover { background: @hover; }
QPushButton[flat="true"]:focus { border-color: @accent; }
QPushButton::menu-indicator { image: url(@images/chevron-down.svg); width: @3u; subcontrol-position: right center; subcontrol-origin: padding; right: @1u; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: @r; padding: @1u; min-height: @3u; }
QToolButton:hover { background: @hover; }
QToolButton:pressed { background: @accentTint; }
QToolButton:checked { background: @accentTint; border-color: @accentTint; }
QToolButton:focus { border: 2px solid @accent; padding: @1f; }
QToolButton:disabled { color: @disabled; }
QToolButton::menu-indicator { image: none; }
QToolButton[popupMode="1"] { padding-right: @4u; }
QToolButton::menu-button { border: none; width: @4u; }
QToolButton::menu-arrow { image: url(@images/chevron-down.svg); width: @3u; height: @3u; }

QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox {
    background: @field; border: 1px solid @outline; border-radius: @r; padding: @1u @2u; selection-background-color: @selection; selection-color: @text; }
QLineEdit, QAbstractSpinBox, QComboBox { min-height: @4u; }
QLineEdit:hover, QPlainTextEdit:hover, QTextEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: @muted; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus { border: 2px solid @accent; padding: @1f @2f; }
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { background: @window; border-color: @border; color: @disabled; }
QLineEdit[readOnly="true"], QPlainTextEdit[readOnly="true"], QTextEdit[readOnly="true"] { background: @window; border-color: @border; }
QLineEdit[invalid="true"], QAbstractSpinBox[invalid="true"], QComboBox[invalid="true"], QPlainTextEdit[invalid="true"] { border: 2px solid @error; padding: @1f @2f; }
QLineEdit[bare="true"], QPlainTextEdit[bare="true"], QTextEdit[bare="true"] { background: transparent; border: none; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: none; padding: 0; background: transparent; min-height: 0; }
QAbstractSpinBox { padding-right: @5u; }
QAbstractSpinBox:focus { padding-right: @5u; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: @5u; border: none; background: transparent; margin: 2px 2px 0 0; }
QAbstractSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; width: @5u; border: none; background: transparent; margin: 0 2px 2px 0; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: @hover; border-radius: @0r; }
QAbstractSpinBox::up-arrow { image: url(@images/chevron-up.svg); width: @2w; height: @2w; }
QAbstractSpinBox::down-arrow { image: url(@images/chevron-down.svg); width: @2w; height: @2w; }
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::up-arrow:off { image: url(@images/chevron-up-off.svg); }
QAbstractSpinBox::down-arrow:disabled, QAbstractSpinBox::down-arrow:off { image: url(@images/chevron-down-off.svg); }
QComboBox { padding-right: @6u; }
QComboBox:focus { padding-right: @6u; }
QComboBox::drop-down { subcontrol-origin: border; subcontrol-position: center right; width: @6u; border: none; }
QComboBox::down-arrow { image: url(@images/chevron-down.svg); width: @3u; height: @3u; }
QComboBox::down-arrow:disabled { image: url(@images/chevron-down-off.svg); }
QComboBox QAbstractItemView { background: @surface; border: 1px solid @outline; outline: none; padding: @1u; selection-background-color: @selection; selection-color: @text; }
QComboBox QAbstractItemView::item { min-height: @6u; padding: 0 @1u; border: none; }

QCheckBox, QRadioButton { spacing: @2u; min-height: @6u; border: 1px solid transparent; border-radius: @r; padding: 0 @1u 0 0; }
QCheckBox:focus, QRadioButton:focus { border-color: @accent; }
QCheckBox::indicator, QRadioButton::indicator, QAbstractItemView::indicator { width: @4u; height: @4u; border: 1px solid @outline; background: @field; }
QCheckBox::indicator, QAbstractItemView::indicator { border-radius: @1u; }
QRadioButton::indicator { border-radius: @2h; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: @accent; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { background: @accent; border-color: @accent; image: url(@images/check.svg); }
QCheckBox::indicator:indeterminate, QAbstractItemView::indicator:indeterminate { background: @accent; border-color: @accent; image: url(@images/minus.svg); }
QRadioButton::indicator:checked { background: @accent; border-color: @accent; image: url(@images/dot.svg); }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: @border; background: @window; }

QGroupBox { background: @surface; border: 1px solid @border; border-radius: @2u; margin-top: @6u; padding: @3u; }
QGroupBox::title { subcontrol-origin: margin; subcontrol-position: top left; left: @1u; padding: 0; color: @text; font-weight: 600; }

QTabWidget::pane { border: none; border-top: 1px solid @border; }
QTabBar { background: transparent; outline: none; }
QTabBar::tab { background: transparent; color: @muted; border: none; border-bottom: 2px solid transparent; padding: @2u @3u; }
QTabBar::tab:hover { color: @text; background: @hover; border-top-left-radius: @r; border-top-right-radius: @r; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; font-weight: 600; }
QTabBar::tab:focus { color: @text; background: @selection; border-top-left-radius: @r; border-top-right-radius: @r; }
QTabBar::tab:disabled { color: @disabled; }

QAbstractItemView { background: @surface; alternate-background-color: @alternate; border: 1px solid @border; border-radius: @r; outline: none;
    selection-background-color: @selection; selection-color: @text; }
QAbstractItemView:focus { border-color: @accent; }
QTableView { gridline-color: @border; }
QTableView::item, QTreeView::item, QListView::item { padding: 0 @1u; border: none; }
QTreeView::item, QListView::item { min-height: @6u; }
QAbstractItemView::item:hover { background: @hover; }
QAbstractItemView::item:selected { background: @selection; color: @text; }
QTreeView::branch:has-children:closed { image: url(@images/chevron-right.svg); }
QTreeView::branch:has-children:open { image: url(@images/chevron-down.svg); }
QHeaderView { background: @surface; border: none; }
QHeaderView::section { background: @surface; color: @muted; border: none; border-bottom: 1px solid @border; padding: @1u 0 @1u @2u; font-weight: 600; }
QHeaderView::section:hover { color: @text; background: @hover; }
QHeaderView::up-arrow { image: url(@images/chevron-up.svg); width: @2u; height: @3u; subcontrol-origin: padding; subcontrol-position: center right; right: @1u; }
QHeaderView::down-arrow { image: url(@images/chevron-down.svg); width: @2u; height: @3u; subcontrol-origin: padding; subcontrol-position: center right; right: @1u; }
QTableCornerButton::section { background: @surface; border: none; border-bottom: 1px solid @border; }

QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget#pageContent { background: transparent; }
QStackedWidget > QScrollArea, QStackedWidget > QScrollArea > QWidget { background: transparent; }
QScrollBar:vertical { background: transparent; width: @3u; margin: 0; }
QScrollBar:horizontal { background: transparent; height: @3u; margin: 0; }
QScrollBar::handle { background: @handle; border-radius: @1u; margin: 2px; }
QScrollBar::handle:vertical { min-height: @8u; }
QScrollBar::handle:horizontal { min-width: @8u; }
QScrollBar::handle:hover { background: @muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }

QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @accentTint; }
QSplitter::handle:horizontal { width: @2u; }
QSplitter::handle:vertical { height: @2u; }

QSlider { min-height: @5u; }
QSlider::groove:horizontal { height: @1u; background: @border; border-radius: @h; }
QSlider::sub-page:horizontal { height: @1u; background: @accent; border-radius: @h; }
QSlider::handle:horizontal { background: @surface; border: 2px solid @accent; width: @3u; height: @3u; margin: -@1v 0; border-radius: @2v; }
QSlider::handle:horizontal:focus { background: @accent; }
QSlider::handle:horizontal:disabled { border-color: @border; }
QSlider::sub-page:horizontal:disabled { background: @border; }

QProgressBar { background: @border; border: none; border-radius: @h; min-height: @1u; max-height: @1u; text-align: center; color: transparent; }
QProgressBar::chunk { background: @accent; border-radius: @h; }

QMenuBar { background: @rail; border-bottom: 1px solid @border; padding: 0 @1u; }
QMenuBar::item { background: transparent; padding: @1u @2u; border-radius: @r; margin: @1u 0; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: @hover; }
QMenu { background: @surface; border: 1px solid @outline; padding: @1u; }
QMenu::item { padding: @1u @6u @1u @2u; border-radius: @r; min-height: @4u; }
QMenu::item:selected { background: @selection; color: @text; }
QMenu::item:disabled { color: @disabled; }
QMenu::separator { height: 1px; background: @border; margin: @1u @2u; }
QMenu::icon { padding-left: @2u; }
QMenu::right-arrow { image: url(@images/chevron-right.svg); width: @3u; height: @3u; }

QToolBar { background: @rail; border: none; padding: 0; margin: 0; spacing: 0; }
QDockWidget { titlebar-close-icon: url(@images/close.svg); }
QDockWidget::title { background: @rail; padding: @1u @2u; border-top: 1px solid @border; }
QMainWindow::separator { background: @border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent; }

#rail { background: @rail; border-right: 1px solid @border; }
#rail QToolButton { text-align: left; padding: @1u @2u; border-radius: @r; border: 2px solid transparent; min-height: @6u; color: @muted; }
#rail QToolButton:hover { background: @hover; color: @text; }
#rail QToolButton:checked { background: @accentTint; color: @text; font-weight: 600; }
#rail QToolButton:focus { border: 2px solid @accent; }
#statusBar::item { border: none; }
#statusBar { background: @rail; border-top: 1px solid @border; }
#statusBar QToolButton { padding: 0 @2u; color: @muted; min-height: @5u; font-size: @0.92pt; border-radius: @1u; }
#statusBar QToolButton:hover { color: @text; }
#statusBar QToolButton:focus { padding: 0 @2f; }
#statusBar QToolButton[alarm="true"] { color: @error; font-weight: 600; }
#pageHeader { background: @window; }
#searchButton { color: @muted; background: @field; border: 1px solid @outline; border-radius: @r; padding: 0 @2u; min-height: @5u; text-align: left; }
#searchButton:hover { border-color: @muted; color: @text; }
#searchButton:focus { border: 2px solid @accent; }
#hintStrip { background: transparent; border: none; }
#popup { background: @surface; border: 1px solid @outline; border-radius: @2u; }
#paletteInput { border: none; border-bottom: 1px solid @border; border-radius: 0; background: transparent; font-size: @1.15pt; padding: @2u @3u; }
#paletteInput:focus { border: none; border-bottom: 1px solid @accent; padding: @2u @3u; }
#paletteList { border: none; background: transparent; padding: @1u; }
*[messageLevel="info"] { background: @infoTint; border: 1px solid @border; border-left: 3px solid @accent; border-radius: @r; }
*[messageLevel="success"] { background: @successTint; border: 1px solid @border; border-left: 3px solid @success; border-radius: @r; }
*[messageLevel="warning"] { background: @warningTint; border: 1px solid @border; border-left: 3px solid @warning; border-radius: @r; }
*[messageLevel="error"] { background: @errorTint; border: 1px solid @border; border-left: 3px solid @error; border-radius: @r; }
QPushButton[action-card="true"] { background: @surface; border: 1px solid @border; border-radius: @3u; text-align: left; padding: 0; min-height: 0; }
QPushButton[action-card="true"]:hover { border-color: @accent; background: @accentTint; }
QPushButton[action-card="true"]:focus { border: 2px solid @accent; }
QPushButton[row="true"] { background: transparent; border: 2px solid transparent; border-radius: @r; padding: 0; text-align: left; min-height: @8u; }
QPushButton[row="true"]:hover { background: @hover; }
QPushButton[row="true"]:focus { border: 2px solid @accent; }
QPushButton[link="true"] { background: transparent; border: 1px solid transparent; color: @accent; padding: 0 @1u; min-height: @5u; }
QPushButton[link="true"]:hover { text-decoration: underline; }
QPushButton[link="true"]:focus { border: 2px solid @accent; padding: 0; }
)";

QString pixels(double value)
{
    return QString::number(std::max(0, static_cast<int>(std::lround(value)))) + QStringLiteral("px");
}

} // namespace

QString styleSheet(const Tones &tones, int unit, double points, const QString &images)
{
    const QHash<QString, QColor> colors{
        {QStringLiteral("window"), tones.window}, {QStringLiteral("rail"), tones.rail}, {QStringLiteral("surface"), tones.surface},
        {QStringLiteral("field"), tones.field}, {QStringLiteral("border"), tones.border}, {QStringLiteral("outline"), tones.outline},
        {QStringLiteral("text"), tones.text}, {QStringLiteral("muted"), tones.muted}, {QStringLiteral("disabled"), tones.disabled},
        {QStringLiteral("accent"), tones.accent}, {QStringLiteral("onAccent"), tones.onAccent},
        {QStringLiteral("accentHover"), tones.accentHover}, {QStringLiteral("accentTint"), tones.accentTint},
        {QStringLiteral("hover"), tones.hover}, {QStringLiteral("selection"), tones.selection},
        {QStringLiteral("success"), tones.success}, {QStringLiteral("warning"), tones.warning}, {QStringLiteral("error"), tones.error},
        {QStringLiteral("successTint"), tones.successTint}, {QStringLiteral("warningTint"), tones.warningTint},
        {QStringLiteral("errorTint"), tones.errorTint}, {QStringLiteral("infoTint"), tones.infoTint},
        {QStringLiteral("tip"), tones.palette().color(QPalette::ToolTipBase)},
        {QStringLiteral("alternate"), tones.palette().color(QPalette::AlternateBase)},
        {QStringLiteral("handle"), tones.dark ? QColor(0x4a, 0x51, 0x5d) : QColor(0xb9, 0xc0, 0xcb)},
    };
    // Lengths. u: steps; f: steps less the pixel by which a focus border is thicker; r: a control's corner; h, v, w: small parts.
    const auto length = [unit](const QString &token) -> QString {
        if (token == QLatin1String("r"))
            return pixels(unit * 1.5);
        if (token == QLatin1String("0r"))
            return pixels(unit * 0.75);
        if (token == QLatin1String("h"))
            return pixels(unit / 2.0);
        if (token == QLatin1String("2h"))
            return pixels(unit * 2.0 + 1);
        if (token == QLatin1String("1v"))
            return pixels(unit + 2.0);
        if (token == QLatin1String("2v"))
            return pixels((unit * 3.0 + 4) / 2);
        if (token == QLatin1String("2w"))
            return pixels(unit * 2.5);
        const double steps = token.chopped(1).toDouble();
        return pixels(token.endsWith(QLatin1Char('f')) ? unit * steps - 1 : unit * steps);
    };

    static const QRegularExpression token(QStringLiteral("@([0-9.]+pt|[0-9]*[urfhvw](?![a-zA-Z])|[a-zA-Z]+)"));
    const QString source = QString::fromLatin1(kSheet);
    QString sheet;
    qsizetype from = 0;
    for (auto match = token.globalMatch(source); match.hasNext();) {
        const QRegularExpressionMatch hit = match.next();
        sheet += source.mid(from, hit.capturedStart() - from);
        from = hit.capturedEnd();
        const QString name = hit.captured(1);
        if (name == QLatin1String("images"))
            sheet += images;
        else if (name.endsWith(QLatin1String("pt")) && name.front().isDigit())
            sheet += QString::number(points * name.chopped(2).toDouble(), 'f', 2) + QStringLiteral("pt");
        else if (colors.contains(name))
            sheet += colors.value(name).name();
        else
            sheet += length(name);
    }
    return sheet + source.mid(from);
}

} // namespace lethe
