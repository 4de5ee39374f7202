import CStartup
import Driver
import Glibc

StandardDescriptors.secure()
SignalHandlers.install()
DescriptorLimit.raise()
let words = (1...).lazy.map { startup_argument($0) }.prefix { $0 != nil }.compactMap { $0.map { String(cString: $0) } }
exit(Tool(Array(words), .standard()).run())
