import Driver
import Glibc

StandardDescriptors.secure()
SignalHandlers.install()
exit(Tool(Array(CommandLine.arguments.dropFirst()), .standard()).run())
