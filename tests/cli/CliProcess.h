#pragma once

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QProcess>
#include <QtCore/QStringList>
#include <QtCore/QTemporaryDir>

namespace lethe::test {

/// What one call of `lethe-cli` gave.
struct CliResult {
    int exitCode = -1;
    QByteArray out;
    QString err;

    QJsonObject json() const { return QJsonDocument::fromJson(out).object(); }
    QString firstErrorLine() const { return err.section(QLatin1Char('\n'), 0, 0); }
};

inline QString fixtures()
{
    return qEnvironmentVariable("LETHE_FIXTURES");
}

inline QString cliProgram()
{
    return qEnvironmentVariable("LETHE_BIN") + QStringLiteral("/lethe-cli");
}

/// Sets the process up with a home of its own, so that nobody's store is touched.
inline void prepare(QProcess &process, const QString &home, const QStringList &arguments)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("XDG_DATA_HOME"), home);
    environment.insert(QStringLiteral("HOME"), home);
    process.setProcessEnvironment(environment);
    process.setWorkingDirectory(home);
    process.setProgram(cliProgram());
    process.setArguments(arguments);
}

/// Runs the real program to its end.
inline CliResult runCli(const QString &home, const QStringList &arguments)
{
    constexpr int kMilliseconds = 120000;
    QProcess process;
    prepare(process, home, arguments);
    process.start();
    if (!process.waitForFinished(kMilliseconds))
        return {.exitCode = -1, .out = {}, .err = process.errorString() + QStringLiteral(": ") + cliProgram()};
    return {.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2, .out = process.readAllStandardOutput(),
            .err = QString::fromUtf8(process.readAllStandardError())};
}

} // namespace lethe::test
