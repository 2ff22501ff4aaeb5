#include "support/Fixtures.h"

#include <QtTest/QtTest>

#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace fs = std::filesystem;

/// The walls between the rooms, and what no file of the house may hold.
class TestWalls : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyIncludeIsOneThatItsRoomMayHave_data();
    void everyIncludeIsOneThatItsRoomMayHave();
    void aBreachIsSeen_data();
    void aBreachIsSeen();
    void onePluginSeesNoOther();
    void formatAndTensorsNeverMeetInOneFile();
    void noFileNamesAFolderOfTheMachineItWasWrittenOn();
};

namespace {

/// A room of the house: where it lies, and which includes its files may have beside their own room's.
struct Room {
    std::string folder;
    std::vector<std::string> allowed; ///< beginnings of what stands between < and >
    std::vector<std::string> forbidden; ///< taken out of those again
    bool system = false; ///< the operating system's headers
};

const std::vector<Room> &rooms()
{
    static const std::vector<Room> all{
        {.folder = "core/include", .allowed = {"QtCore/", "lethe/"}, .forbidden = {"lethe/sdk/"}},
        {.folder = "core/src",
         .allowed = {"QtCore/", "lethe/", "ATen/", "c10/", "torch/", "SQLiteCpp/", "sqlite3.h", "spdlog/", "nlohmann/", "pcre2.h", "utf8proc.h", "sentencepiece_processor.h"},
         .forbidden = {"torch/torch.h", "torch/extension.h"},
         .system = true},
        // QtPlugin alone: it names the interface that a plugin implements
        {.folder = "core/sdk", .allowed = {"ATen/", "lethe/", "QtCore/QtPlugin"}, .forbidden = {}},
        {.folder = "plugins", .allowed = {"ATen/", "lethe/", "QtCore/"}, .forbidden = {}},
        {.folder = "widgets",
         .allowed = {"QtCore/", "QtGui/", "QtWidgets/", "QtSvg/", "QtPrintSupport/", "qcustomplot.h", "lethe/", "widgets/"},
         .forbidden = {"lethe/sdk/"}},
        {.folder = "app/startup", .allowed = {"lethe/"}, .forbidden = {"lethe/sdk/"}, .system = true},
        {.folder = "app/cli", .allowed = {"QtCore/", "CLI/", "nlohmann/", "lethe/"}, .forbidden = {"lethe/sdk/"}, .system = true},
        // local sockets alone: a second start raises the first window. There is no network code.
        {.folder = "app/gui",
         .allowed = {"QtCore/", "QtGui/", "QtWidgets/", "QtNetwork/QLocal", "lethe/", "widgets/"},
         .forbidden = {"lethe/sdk/"},
         .system = true},
    };
    return all;
}

const Room &roomOf(const std::string &folder)
{
    for (const Room &room : rooms())
        if (room.folder == folder)
            return room;
    qFatal("there is no room %s", folder.c_str());
}

fs::path house()
{
    return lethe::test::folderFromEnvironment("LETHE_SOURCE_DIR");
}

bool beginsWithAny(const std::string &text, const std::vector<std::string> &beginnings)
{
    for (const std::string &beginning : beginnings)
        if (text.starts_with(beginning))
            return true;
    return false;
}

/// Why \p line of \p file, which lies in \p room, may not be there; nothing where it may.
std::optional<std::string> breach(const Room &room, const fs::path &file, const std::string &line)
{
    static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
    static const std::regex kStandard(R"([a-z0-9_]+)");
    static const std::regex kSystem(R"((sys/|linux/)?[a-z0-9_]+\.h)");
    std::smatch found;
    if (!std::regex_search(line, found, kInclude))
        return std::nullopt;
    const std::string header = found[2];
    if (found[1] == "<") {
        if (std::regex_match(header, kStandard))
            return std::nullopt;
        if (beginsWithAny(header, room.allowed) && !beginsWithAny(header, room.forbidden))
            return std::nullopt;
        if (room.system && std::regex_match(header, kSystem))
            return std::nullopt;
        return "<" + header + "> is not for " + room.folder;
    }
    if (header.ends_with(".moc"))
        return std::nullopt;
    // "…" is the same room: beside the file, or from the room's own top
    const fs::path top = house() / room.folder;
    for (const fs::path &base : {file.parent_path(), top, top / "src"}) {
        const fs::path target = (base / header).lexically_normal();
        const fs::path inside = target.lexically_relative(top);
        if (fs::exists(target) && !inside.empty() && *inside.begin() != "..")
            return std::nullopt;
    }
    return "\"" + header + "\" is not a file of " + room.folder;
}

bool isSource(const fs::path &file)
{
    return file.extension() == ".h" || file.extension() == ".cpp";
}

std::vector<fs::path> filesUnder(const fs::path &folder)
{
    std::vector<fs::path> files;
    if (!fs::is_directory(folder))
        return files;
    for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator(); ++entry) {
        const std::string name = entry->path().filename().string();
        if (entry->is_directory() && (name.starts_with("build") || name == ".git" || name == ".cache" || name == "out" || name == "__pycache__"))
            entry.disable_recursion_pending();
        else if (entry->is_regular_file() && name != ".git") // a worktree's is a file
            files.push_back(entry->path());
    }
    return files;
}

std::vector<std::string> linesOf(const fs::path &file)
{
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

std::string told(const std::vector<std::string> &offences)
{
    std::string text;
    for (const std::string &offence : offences)
        text += "\n  " + offence;
    return text;
}

} // namespace

void TestWalls::everyIncludeIsOneThatItsRoomMayHave_data()
{
    QTest::addColumn<QString>("folder");
    for (const Room &room : rooms())
        QTest::newRow(room.folder.c_str()) << QString::fromStdString(room.folder);
}

void TestWalls::everyIncludeIsOneThatItsRoomMayHave()
{
    QFETCH(QString, folder);
    const Room &room = roomOf(folder.toStdString());
    std::vector<std::string> breaches;
    std::size_t sources = 0;
    for (const fs::path &file : filesUnder(house() / room.folder)) {
        if (!isSource(file))
            continue;
        ++sources;
        const auto lines = linesOf(file);
        for (std::size_t i = 0; i < lines.size(); ++i)
            if (const auto why = breach(room, file, lines[i]))
                breaches.push_back(file.lexically_relative(house()).string() + ":" + std::to_string(i + 1) + ": " + *why);
    }
    QVERIFY2(sources > 0, qPrintable(QStringLiteral("%1 holds no source file: has the room moved?").arg(folder)));
    QVERIFY2(breaches.empty(), told(breaches).c_str());
}

void TestWalls::aBreachIsSeen_data()
{
    QTest::addColumn<QString>("folder");
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("seen");
    QTest::newRow("torch in a public header") << "core/include" << "#include <ATen/ATen.h>" << true;
    QTest::newRow("a window in core") << "core/src" << "#include <QtGui/QColor>" << true;
    QTest::newRow("all of torch") << "core/src" << "#include <torch/torch.h>" << true;
    QTest::newRow("Qt with no module named") << "core/src" << "#include <QByteArray>" << true;
    QTest::newRow("SQL in a widget") << "widgets" << "  #  include <QtSql/QSqlQuery>" << true;
    QTest::newRow("the SDK in a widget") << "widgets" << "#include <lethe/sdk/Method.h>" << true;
    QTest::newRow("core's inside from a widget") << "widgets" << "#include \"../../core/src/run/Session.h\"" << true;
    QTest::newRow("the network in the window") << "app/gui" << "#include <QtNetwork/QTcpSocket>" << true;
    QTest::newRow("a widget in the command line") << "app/cli" << "#include <widgets/Page.h>" << true;
    QTest::newRow("the standard library") << "core/include" << "#include <vector>" << false;
    QTest::newRow("the public side") << "widgets" << "#include <lethe/run/Records.h>" << false;
    QTest::newRow("no include at all") << "core/include" << "// #including torch is not allowed" << false;
}

void TestWalls::aBreachIsSeen()
{
    QFETCH(QString, folder);
    QFETCH(QString, line);
    QFETCH(bool, seen);
    const Room &room = roomOf(folder.toStdString());
    QCOMPARE(breach(room, house() / room.folder / "Any.cpp", line.toStdString()).has_value(), seen);
}

void TestWalls::onePluginSeesNoOther()
{
    static const std::regex kQuoted(R"(^\s*#\s*include\s*"([^"]+)\")");
    std::vector<std::string> breaches;
    for (const auto &plugin : fs::directory_iterator(house() / "plugins")) {
        for (const fs::path &file : filesUnder(plugin.path())) {
            if (!isSource(file))
                continue;
            for (const std::string &line : linesOf(file)) {
                std::smatch found;
                if (!std::regex_search(line, found, kQuoted) || found[1].str().ends_with(".moc"))
                    continue;
                if (!fs::exists(file.parent_path() / found[1].str()) || found[1].str().find("..") != std::string::npos)
                    breaches.push_back(file.lexically_relative(house()).string() + ": " + line);
            }
        }
    }
    QVERIFY2(breaches.empty(), told(breaches).c_str());
}

void TestWalls::formatAndTensorsNeverMeetInOneFile()
{
    static const std::regex kTensor(R"(^\s*#\s*include\s*<(ATen|torch|c10)/)"), kFormat(R"(^\s*#\s*include\s*<(spdlog|fmt)/)");
    std::vector<std::string> breaches;
    for (const fs::path &file : filesUnder(house() / "core")) {
        if (!isSource(file))
            continue;
        bool tensor = false, format = false;
        for (const std::string &line : linesOf(file)) {
            tensor = tensor || std::regex_search(line, kTensor);
            format = format || std::regex_search(line, kFormat);
        }
        if (tensor && format)
            breaches.push_back(file.lexically_relative(house()).string());
    }
    QVERIFY2(breaches.empty(), told(breaches).c_str());
}

void TestWalls::noFileNamesAFolderOfTheMachineItWasWrittenOn()
{
    // a path that begins at the top; "net/work/" and "$HOME/root/" are none
    static const std::regex kMachine(R"((^|[^A-Za-z0-9_.}~/-])/(root|work|home/[a-z]+|Users/[a-z]+)/)");
    std::vector<std::string> offences;
    std::size_t looked = 0;
    for (const fs::path &file : filesUnder(house())) {
        const std::string extension = file.extension().string();
        if (extension == ".safetensors" || extension == ".png")
            continue;
        ++looked;
        const auto lines = linesOf(file);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            // the tokenizer's and the data's lines are long; a match needs the path's first letters anyway
            if (lines[i].find("/root") == std::string::npos && lines[i].find("/work") == std::string::npos
                && lines[i].find("/home") == std::string::npos && lines[i].find("/Users") == std::string::npos)
                continue;
            if (file.filename() == "tst_walls.cpp")
                continue; // it names what it looks for
            if (std::regex_search(lines[i], kMachine))
                offences.push_back(file.lexically_relative(house()).string() + ":" + std::to_string(i + 1) + ": " + lines[i].substr(0, 120));
        }
    }
    QVERIFY(looked > 100);
    QVERIFY2(offences.empty(), told(offences).c_str());
}

QTEST_GUILESS_MAIN(TestWalls)

#include "tst_walls.moc"
